"""A client that is made from the .proto files alone, as somebody else would write one.

    client.py ADDRESS PROTOS SOURCE FOLDER SQL…

ADDRESS is binlogd's, PROTOS the folder of its .proto files, SOURCE a MariaDB server ("host:port") with the account repl, FOLDER
where its streamer writes, and SQL a command that takes statements for the source on its standard input. Exits 0 when all went
as it should.
"""
import os
import subprocess
import sys
import tempfile
import threading

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory

ADDRESS, PROTOS, SOURCE, FOLDER, *SQL = sys.argv[1:]
HERE = os.path.dirname(os.path.abspath(__file__))
LIMIT = 60  # Seconds for any one thing.

generated = tempfile.TemporaryDirectory()
ours = [os.path.join("binlogd/v1", name) for name in sorted(os.listdir(os.path.join(PROTOS, "binlogd/v1"))) if name.endswith(".proto")]
subprocess.run(
    ["protoc", "-I", PROTOS, "-I", HERE, f"--python_out={generated.name}", f"--grpc_python_out={generated.name}",
     "--plugin=protoc-gen-grpc_python=/usr/bin/grpc_python_plugin", *ours, "health.proto", "reflection.proto"],
    check=True)
sys.path.insert(0, generated.name)

from binlogd.v1 import rpc_status_pb2, service_pb2, service_pb2_grpc, streamer_pb2  # noqa: E402
import health_pb2  # noqa: E402
import health_pb2_grpc  # noqa: E402
import reflection_pb2  # noqa: E402
import reflection_pb2_grpc  # noqa: E402


def step(name):
    print(name, flush=True)


def expect(condition, *what):
    if not condition:
        sys.exit(f"not as expected: {what}")


def refused(call, code, reason):
    """The call fails with the code, and with our reason in the standard place for details."""
    try:
        call()
    except grpc.RpcError as error:
        expect(error.code() == code, error.code(), error.details())
        trailers = {key: value for key, value in error.trailing_metadata()}
        status = rpc_status_pb2.RpcStatus.FromString(trailers["grpc-status-details-bin"])
        detail = service_pb2.ErrorDetail()
        expect(status.details[0].Unpack(detail), status)
        expect(detail.reason == reason, detail)
        expect(status.message == error.details(), status.message)
        return detail
    sys.exit(f"was not refused: {reason}")


def sql(*statements):
    subprocess.run(SQL, input=";\n".join(statements).encode(), check=True)


def check_health(channel):
    health = health_pb2_grpc.HealthStub(channel)
    for service in ("", "binlogd.v1.StreamerService"):
        answer = health.Check(health_pb2.HealthCheckRequest(service=service), timeout=LIMIT)
        expect(answer.status == health_pb2.HealthCheckResponse.SERVING, service, answer)
    try:
        health.Check(health_pb2.HealthCheckRequest(service="nobody"), timeout=LIMIT)
        sys.exit("the health of a service that is not there was told")
    except grpc.RpcError as error:
        expect(error.code() == grpc.StatusCode.NOT_FOUND, error)


def call_by_reflection(channel):
    """Finds out what there is, and calls List, without having seen a .proto file of it."""
    stub = reflection_pb2_grpc.ServerReflectionStub(channel)

    def ask(**what):
        request = reflection_pb2.ServerReflectionRequest(**what)
        return next(iter(stub.ServerReflectionInfo(iter([request]), timeout=LIMIT)))

    services = {service.name for service in ask(list_services="*").list_services_response.service}
    for name in ("binlogd.v1.StreamerService", "grpc.health.v1.Health"):
        expect(name in services, services)
    files = {}
    for data in ask(file_containing_symbol="binlogd.v1.StreamerService").file_descriptor_response.file_descriptor_proto:
        file = descriptor_pb2.FileDescriptorProto.FromString(data)
        files[file.name] = file
    pool = descriptor_pool.DescriptorPool()

    def add(name):
        if name not in files:
            data = descriptor_pool.Default().FindFileByName(name)  # Protobuf's own.
            expect(name.startswith("google/protobuf/"), name)
            files[name] = descriptor_pb2.FileDescriptorProto.FromString(data.serialized_pb)
        file = files[name]
        for dependency in file.dependency:
            if dependency not in added:
                add(dependency)
        added.add(name)
        pool.Add(file)

    added = set()
    for name in list(files):
        if name not in added:
            add(name)
    service = pool.FindServiceByName("binlogd.v1.StreamerService")
    methods = {method.name for method in service.methods}
    expect({"Create", "Get", "List", "Update", "Delete", "Apply", "Start", "Stop", "Status", "Metrics", "Watch", "Validate",
            "Tap"} <= methods, methods)
    method = service.FindMethodByName("List")
    factory = message_factory.MessageFactory(pool)
    call = channel.unary_unary("/binlogd.v1.StreamerService/List",
                               request_serializer=lambda message: message.SerializeToString(),
                               response_deserializer=factory.GetPrototype(method.output_type).FromString)
    return call(factory.GetPrototype(method.input_type)(), timeout=LIMIT)


def spec():
    return json_format.ParseDict({
        "name": "foreign",
        "source": {"flavor": "MARIADB", "endpoints": [SOURCE], "user": "repl", "password": {"value": "replpass"},
                   "server_id": 4711, "start": {"current": {}}},
        "batch": {"max_wait": "0.1s"},
        "targets": [{"name": "archive", "file": {"path": FOLDER}}],
    }, streamer_pb2.StreamerSpec())


def await_change(watch, passes):
    for response in watch:
        for change in response.changes:
            if passes(change):
                return change
    sys.exit("the watch has ended")


def state_of(change):
    kind = change.WhichOneof("kind")
    return change.streamer.status.state if kind == "streamer" else change.status.state if kind == "status" else None


def main():
    channel = grpc.insecure_channel(ADDRESS, options=[("grpc.enable_http_proxy", 0)])
    grpc.channel_ready_future(channel).result(timeout=LIMIT)
    stub = service_pb2_grpc.StreamerServiceStub(channel)

    step("health")
    check_health(channel)
    step("reflection")
    expect(len(call_by_reflection(channel).streamers) == 0)

    step("create")
    watch = stub.Watch(service_pb2.WatchRequest(), timeout=LIMIT)
    created = stub.Create(service_pb2.CreateRequest(spec=spec()), timeout=LIMIT)
    expect(created.status.state == streamer_pb2.STOPPED, created)
    expect(not created.spec.source.password.value, "the password came back")
    refused(lambda: stub.Create(service_pb2.CreateRequest(spec=spec()), timeout=LIMIT), grpc.StatusCode.ALREADY_EXISTS,
            "STREAMER_EXISTS")
    bad = spec()
    bad.name = "bad"
    bad.targets[0].file.path = "not/absolute"
    detail = refused(lambda: stub.Create(service_pb2.CreateRequest(spec=bad), timeout=LIMIT),
                     grpc.StatusCode.INVALID_ARGUMENT, "BAD_VALUE")
    expect(detail.field == "targets[0].file.path", detail)

    step("run")
    stub.Start(service_pb2.StartRequest(name="foreign"), timeout=LIMIT)
    await_change(watch, lambda change: state_of(change) == streamer_pb2.RUNNING)
    refused(lambda: stub.Start(service_pb2.StartRequest(name="foreign"), timeout=LIMIT),
            grpc.StatusCode.FAILED_PRECONDITION, "ALREADY_RUNNING")

    step("update")
    changed = spec()
    changed.labels["team"] = "data"
    changed.batch.max_events = 10
    changed.source.password.Clear()  # The one that is stored is kept.
    updated = stub.Update(service_pb2.UpdateRequest(spec=changed, etag=created.etag), timeout=LIMIT)
    expect(updated.etag != created.etag, updated)
    refused(lambda: stub.Update(service_pb2.UpdateRequest(spec=changed, etag=created.etag), timeout=LIMIT),
            grpc.StatusCode.ABORTED, "STALE_ETAG")
    await_change(watch, lambda change: change.WhichOneof("kind") == "streamer" and
                 change.streamer.spec.labels.get("team") == "data")
    # What the first watch tells may be of before the update; what another one begins with is not.
    await_change(stub.Watch(service_pb2.WatchRequest(), timeout=LIMIT), lambda change: state_of(change) == streamer_pb2.RUNNING)

    step("tap")
    tap = stub.Tap(service_pb2.TapRequest(name="foreign"), timeout=LIMIT)
    expect(next(tap).WhichOneof("kind") == "heartbeat")
    writer = threading.Thread(target=sql, args=(
        "CREATE DATABASE IF NOT EXISTS foreign_client", "CREATE TABLE foreign_client.t (id INT PRIMARY KEY, word VARCHAR(20))",
        "INSERT INTO foreign_client.t VALUES (1, 'one'), (2, 'two')", "DROP DATABASE foreign_client"))
    writer.start()
    words = []
    while words != ["one", "two"]:
        for event in next(tap).batch.events:
            if event.table == "t":
                words += [row.columns[1].value.text_value for row in event.rows]
    writer.join()
    tap.cancel()

    step("delete")
    stub.Stop(service_pb2.StopRequest(name="foreign"), timeout=LIMIT)
    expect(stub.Get(service_pb2.GetRequest(name="foreign"), timeout=LIMIT).status.state == streamer_pb2.STOPPED)
    stub.Delete(service_pb2.DeleteRequest(name="foreign", etag=updated.etag), timeout=LIMIT)
    await_change(watch, lambda change: change.deleted == "foreign")
    refused(lambda: stub.Get(service_pb2.GetRequest(name="foreign"), timeout=LIMIT), grpc.StatusCode.NOT_FOUND,
            "STREAMER_NOT_FOUND")
    watch.cancel()
    step("done")


main()
