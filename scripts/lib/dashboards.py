#!/usr/bin/env python3
"""The Grafana dashboards of helm/binlogd/files/dashboards, which are made by this script.

  scripts/lib/dashboards.py --write    writes them
  scripts/lib/dashboards.py --check    prints the names of those that are not as this script makes them, one a line

A dashboard is a list of rows, and a row a list of panels, which flow from left to right over Grafana's 24 columns.
"""
import json
import pathlib
import sys

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "helm" / "binlogd" / "files" / "dashboards"
COLUMNS = 24
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}

SERVER = 'instance=~"$instance"'
STREAMER = SERVER + ', streamer=~"$streamer"'
TARGET = STREAMER + ', target=~"$target"'
# Of streamers that are wanted to run and can: what is STOPPED, FINISHED or FAILED only gets older.
ACTIVE = 'on (job, instance, streamer) binlogd_streamer_state{state=~"STARTING|RUNNING|RETRYING"} == 1'

RED_FROM_1 = {"mode": "absolute", "steps": [{"color": "green", "value": None}, {"color": "red", "value": 1}]}
RED_BELOW_TWENTIETH = {"mode": "absolute", "steps": [{"color": "red", "value": None}, {"color": "green", "value": 0.05}]}
GREEN_FROM_1 = {"mode": "absolute", "steps": [{"color": "red", "value": None}, {"color": "green", "value": 1}]}
STATE_COLORS = {"RUNNING": "green", "FOLLOWING": "green", "STARTING": "blue", "STOPPING": "blue", "CATCHING_UP": "blue", "STOPPED": "text",
                "FINISHED": "text", "RETRYING": "orange", "DETACHED": "orange", "FAILED": "red"}


def rate(metric, selector, by):
    return f"sum by ({by}) (rate({metric}{{{selector}}}[$__rate_interval]))"


def quantile(share, metric, selector, by):
    return f"histogram_quantile({share}, sum by (le, {by}) (rate({metric}_bucket{{{selector}}}[$__rate_interval])))"


def panel(kind, title, description, queries, unit="short", width=8, height=8, options=None, defaults=None, overrides=None):
    """queries: pairs of an expression and a legend."""
    targets = []
    for letter, (expression, legend) in zip("ABCDEFGH", queries):
        target = {"refId": letter, "datasource": DATASOURCE, "expr": expression, "legendFormat": legend}
        if kind in ("stat", "table"):
            target |= {"instant": True, "range": False}
        if kind == "table":
            target |= {"format": "table"}
        targets.append(target)
    return {
        "type": kind,
        "title": title,
        "description": description,
        "datasource": DATASOURCE,
        "gridPos": {"w": width, "h": height},
        "targets": targets,
        "fieldConfig": {"defaults": {"unit": unit} | (defaults or {}), "overrides": overrides or []},
        "options": options or {},
    }


def stat(title, description, expression, legend="", unit="short", width=4, thresholds=None, by_name=False):
    options = {"colorMode": "background" if thresholds else "value", "graphMode": "none", "reduceOptions": {"calcs": ["lastNotNull"]},
               "textMode": "name" if by_name else "auto"}
    return panel("stat", title, description, [(expression, legend)], unit, width, 4, options,
                 {"thresholds": thresholds} if thresholds else None)


def graph(title, description, *queries, unit="short", width=8, stacked=False, link=False):
    custom = {"fillOpacity": 10, "showPoints": "never"} | ({"stacking": {"mode": "normal"}} if stacked else {})
    defaults = {"min": 0, "custom": custom}
    if link:
        defaults["links"] = [{
            "title": "Streamer ${__field.labels.streamer}",
            "url": "/d/binlogd-streamer?var-datasource=${datasource}&var-instance=${__field.labels.instance}"
                   "&var-streamer=${__field.labels.streamer}&${__url_time_range}"}]
    options = {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi", "sort": "desc"}}
    return panel("timeseries", title, description, queries, unit, width, 8, options, defaults)


def states(title, description, expression, legend):
    """A bar for each state while it holds."""
    overrides = [{"matcher": {"id": "byRegexp", "options": f".*{state}"},
                  "properties": [{"id": "color", "value": {"mode": "fixed", "fixedColor": color}}]}
                 for state, color in STATE_COLORS.items()]
    return panel("state-timeline", title, description, [(expression, legend)], width=COLUMNS, height=6,
                 options={"showValue": "never", "legend": {"showLegend": False}}, overrides=overrides)


def table(title, description, expression, unit="short", width=12, hidden=()):
    hide = [{"matcher": {"id": "byName", "options": name}, "properties": [{"id": "custom.hidden", "value": True}]}
            for name in ("Time", "__name__", *hidden)]
    return panel("table", title, description, [(expression, "")], unit, width, 8, {"cellHeight": "sm"}, None, hide)


def heatmap(title, description, metric, selector, unit, width=8):
    result = panel("heatmap", title, description, [(f"sum by (le) (increase({metric}_bucket{{{selector}}}[$__rate_interval]))", "{{le}}")],
                   unit, width, 8, {"calculate": False, "yAxis": {"unit": unit}, "color": {"scheme": "Blues"}})
    result["targets"][0]["format"] = "heatmap"
    return result


def variable(name, query, multi=True, include_all=True):
    return {"name": name, "type": "query", "datasource": DATASOURCE, "definition": query, "query": {"query": query, "refId": name},
            "refresh": 2, "sort": 1, "multi": multi, "includeAll": include_all,
            "allValue": ".+" if include_all else None,
            "current": {"text": ["All"], "value": ["$__all"]} if include_all else {}}


def dashboard(uid, title, description, variables, rows, link):
    panels, y = [], 0

    def place(item, x, width, height):
        item["id"] = len(panels) + 1
        item["gridPos"] = {"x": x, "y": y, "w": width, "h": height}
        panels.append(item)

    for name, members in rows:
        place({"type": "row", "title": name, "collapsed": False, "panels": []}, 0, COLUMNS, 1)
        y += 1
        x = highest = 0
        for member in members:
            width, height = member["gridPos"]["w"], member["gridPos"]["h"]
            if x + width > COLUMNS:
                x, y, highest = 0, y + highest, 0
            place(member, x, width, height)
            x, highest = x + width, max(highest, height)
        y += highest
    return {
        "uid": uid, "title": title, "description": description, "tags": ["binlogd"], "schemaVersion": 38, "version": 1, "editable": True,
        "timezone": "browser", "refresh": "30s", "time": {"from": "now-3h", "to": "now"}, "graphTooltip": 1,
        "links": [{"type": "link", "title": link[0], "url": f"/d/{link[1]}?var-datasource=${{datasource}}", "keepTime": True}],
        "templating": {"list": [{"name": "datasource", "type": "datasource", "query": "prometheus", "refresh": 1, "current": {}}] + variables},
        "annotations": {"list": []},
        "panels": panels,
    }


FLEET = dashboard(
    "binlogd-fleet", "binlogd: fleet", "All servers and streamers: what is in trouble, what is behind, how much flows.",
    [variable("instance", "label_values(binlogd_build_info, instance)")],
    [
        ("Now", [
            stat("Servers", "Those that answer.", f"count(binlogd_build_info{{{SERVER}}})", width=2),
            stat("Not ready", "Servers that load their streamers or shut down.", f"sum(1 - binlogd_ready{{{SERVER}}})", width=2,
                 thresholds=RED_FROM_1),
            stat("Streamers", "By state.", f"sum by (state) (binlogd_streamer_state{{{SERVER}}})", "{{state}}", width=8),
            stat("Failed", "Streamers that wait for a person.", f'sum(binlogd_streamer_state{{{SERVER}, state="FAILED"}})', width=2,
                 thresholds=RED_FROM_1),
            stat("Targets in trouble", "Targets whose last operation failed.", f"sum(1 - binlogd_target_healthy{{{SERVER}}})", width=2,
                 thresholds=RED_FROM_1),
            stat("Least room", "On the disks of file targets and state directories.",
                 f"min(binlogd_target_disk_free_bytes{{{SERVER}}} / binlogd_target_disk_size_bytes{{{SERVER}}} or "
                 f"binlogd_state_disk_free_bytes{{{SERVER}}} / binlogd_state_disk_size_bytes{{{SERVER}}})",
                 unit="percentunit", width=2, thresholds=RED_BELOW_TWENTIETH),
            stat("Highest lag", "Of the streamers that are wanted to run.",
                 f"max(binlogd_streamer_lag_seconds{{{SERVER}}} and {ACTIVE})", unit="s", width=2),
            stat("Read", "Of all sources' logs.", f"sum(rate(binlogd_streamer_read_bytes_total{{{SERVER}}}[$__rate_interval]))",
                 unit="Bps", width=4),
        ]),
        ("Trouble", [
            table("Alerts", "What fires, as docs/runbooks.md explains it.", f'ALERTS{{alertname=~"Binlogd.+", alertstate="firing", {SERVER}}}',
                  hidden=("Value", "alertstate")),
            table("Most behind", "The twenty streamers with the highest lag among those that are wanted to run.",
                  f"topk(20, max by (instance, streamer) (binlogd_streamer_lag_seconds{{{SERVER}}} and {ACTIVE}))", unit="s"),
        ]),
        ("Streamers", [
            graph("Lag", "How far the required targets are behind the source.",
                  (f"binlogd_streamer_lag_seconds{{{SERVER}}} and {ACTIVE}", "{{streamer}}"), unit="s", link=True),
            graph("Age of the checkpoint", "Time since it last moved or was confirmed.",
                  (f"binlogd_streamer_checkpoint_age_seconds{{{SERVER}}} and {ACTIVE}", "{{streamer}}"), unit="s", link=True),
            graph("Reconnects", "Sources that were lost and tried again.",
                  (rate("binlogd_streamer_reconnects_total", SERVER, "instance, streamer"), "{{streamer}}"), unit="cps", link=True),
            graph("Read", "Bytes of the sources' logs.",
                  (rate("binlogd_streamer_read_bytes_total", SERVER, "instance, streamer"), "{{streamer}}"), unit="Bps", stacked=True, link=True),
            graph("Read, by kind of event", "Events of the sources' logs.",
                  (rate("binlogd_streamer_events_read_total", SERVER, "kind"), "{{kind}}"), unit="cps", stacked=True),
            graph("Queue", "Share of a streamer's memory that waits for targets. At 100 % the source is held back.",
                  (f"binlogd_streamer_queue_bytes{{{SERVER}}} / binlogd_streamer_queue_budget_bytes{{{SERVER}}}", "{{streamer}}"),
                  unit="percentunit", link=True),
        ]),
        ("Targets", [
            graph("Written", "Bytes before compression.",
                  (rate("binlogd_target_written_bytes_total", SERVER, "instance, streamer, target"), "{{streamer}} {{target}}"),
                  unit="Bps", stacked=True, link=True),
            graph("Time of a commit", "99 of 100 are faster.",
                  (quantile(0.99, "binlogd_target_commit_seconds", SERVER, "instance, streamer, target"), "{{streamer}} {{target}}"),
                  unit="s", link=True),
            graph("Retries", "Failures that are tried again.",
                  (rate("binlogd_target_retries_total", SERVER, "instance, streamer, target"), "{{streamer}} {{target}}"), unit="cps",
                  link=True),
        ]),
        ("Disks", [
            graph("Room of targets", "Of file targets: the share of their disk that is free.",
                  (f"binlogd_target_disk_free_bytes{{{SERVER}}} / binlogd_target_disk_size_bytes{{{SERVER}}}", "{{streamer}} {{target}}"),
                  unit="percentunit", width=12, link=True),
            graph("Room of state directories", "The share of their disk that is free.",
                  (f"binlogd_state_disk_free_bytes{{{SERVER}}} / binlogd_state_disk_size_bytes{{{SERVER}}}", "{{instance}}"),
                  unit="percentunit", width=12),
        ]),
        ("Servers", [
            graph("Memory", "In use.", (f"process_resident_memory_bytes{{{SERVER}}} and on (job, instance) binlogd_build_info", "{{instance}}"),
                  unit="bytes", width=6),
            graph("Processor", "Cores in use.",
                  (f"rate(process_cpu_seconds_total{{{SERVER}}}[$__rate_interval]) and on (job, instance) binlogd_build_info", "{{instance}}"),
                  width=6),
            graph("Threads", "", (f"process_threads{{{SERVER}}} and on (job, instance) binlogd_build_info", "{{instance}}"), width=6),
            graph("Open files", "Share of those that may be open.",
                  (f"process_open_fds{{{SERVER}}} / process_max_fds{{{SERVER}}} and on (job, instance) binlogd_build_info", "{{instance}}"),
                  unit="percentunit", width=6),
            graph("Calls, by code", "gRPC calls that ended.", (rate("binlogd_grpc_calls_total", SERVER, "code"), "{{code}}"), unit="cps",
                  width=6, stacked=True),
            graph("Time of a call", "99 of 100 are faster.", (quantile(0.99, "binlogd_grpc_call_seconds", SERVER, "method"), "{{method}}"),
                  unit="s", width=6),
            graph("Calls that are open", "", (f"sum by (method) (binlogd_grpc_calls_in_flight{{{SERVER}}})", "{{method}}"), width=6,
                  stacked=True),
            graph("Lines of the log", "By level.", (rate("binlogd_log_lines_total", SERVER, "level"), "{{level}}"), unit="cps", width=6,
                  stacked=True),
        ]),
    ],
    ("One streamer", "binlogd-streamer"))

ONE_STREAMER = dashboard(
    "binlogd-streamer", "binlogd: streamer", "One streamer and its targets.",
    [
        variable("instance", "label_values(binlogd_build_info, instance)"),
        variable("streamer", 'label_values(binlogd_streamer_state{instance=~"$instance"}, streamer)', multi=False, include_all=False),
        variable("target", 'label_values(binlogd_target_state{instance=~"$instance", streamer=~"$streamer"}, target)'),
    ],
    [
        ("Now", [
            stat("State", "", f"binlogd_streamer_state{{{STREAMER}}} == 1", "{{state}}", width=4, by_name=True),
            stat("Wanted to run", "", f"binlogd_streamer_desired_running{{{STREAMER}}}", width=2),
            stat("Connected", "To the source.", f"binlogd_streamer_connected{{{STREAMER}}}", width=2, thresholds=GREEN_FROM_1),
            stat("Lag", "Of the required targets.", f"binlogd_streamer_lag_seconds{{{STREAMER}}}", unit="s", width=3),
            stat("Lag in bytes", "Of the required targets, as far as the end of the source's log is known.",
                 f"binlogd_streamer_lag_bytes{{{STREAMER}}}", unit="bytes", width=3),
            stat("Lag in transactions", "Of the required targets, by the source's GTID set; absent without GTIDs.",
                 f"binlogd_streamer_lag_transactions{{{STREAMER}}}", width=3),
            stat("Age of the checkpoint", "Time since it last moved or was confirmed.",
                 f"binlogd_streamer_checkpoint_age_seconds{{{STREAMER}}}", unit="s", width=3),
            stat("Taps", "That are attached.", f"binlogd_streamer_taps{{{STREAMER}}}", width=2),
            stat("Newest event", "The source's time of it.", f"binlogd_streamer_last_event_timestamp_seconds{{{STREAMER}}} * 1000",
                 unit="dateTimeFromNow", width=2),
            states("State", "", f"max by (state) (binlogd_streamer_state{{{STREAMER}}} == 1)", "{{state}}"),
        ]),
        ("Source", [
            graph("Read, by kind of event", "Bytes of the source's log.", (rate("binlogd_streamer_read_bytes_total", STREAMER, "kind"), "{{kind}}"),
                  unit="Bps", stacked=True),
            graph("Events read, by kind", "", (rate("binlogd_streamer_events_read_total", STREAMER, "kind"), "{{kind}}"), unit="cps", stacked=True),
            graph("Transactions", "", (rate("binlogd_streamer_transactions_read_total", STREAMER, "streamer"), "read"),
                  (rate("binlogd_target_transactions_written_total", TARGET, "target"), "{{target}}"), unit="cps"),
            graph("File", "Number of the source's file.", (f"binlogd_streamer_read_position_file_number{{{STREAMER}}}", "read"),
                  (f"binlogd_streamer_position_file_number{{{STREAMER}}}", "checkpoint"),
                  (f"binlogd_target_position_file_number{{{TARGET}}}", "{{target}}")),
            graph("Offset in the file", "", (f"binlogd_streamer_read_position_bytes{{{STREAMER}}}", "read"),
                  (f"binlogd_streamer_position_bytes{{{STREAMER}}}", "checkpoint"),
                  (f"binlogd_target_position_bytes{{{TARGET}}}", "{{target}}"), unit="bytes"),
            graph("Reconnects", "Times that the source was lost and tried again.",
                  (rate("binlogd_streamer_reconnects_total", STREAMER, "streamer"), "{{streamer}}"), unit="cps"),
        ]),
        ("Delivery", [
            states("Targets", "", f"max by (target, state) (binlogd_target_state{{{TARGET}}} == 1)", "{{target}} {{state}}"),
            graph("Lag", "", (f"binlogd_target_lag_seconds{{{TARGET}}}", "{{target}}"), unit="s"),
            graph("Lag in bytes", "", (f"binlogd_target_lag_bytes{{{TARGET}}}", "{{target}}"), unit="bytes"),
            graph("Lag in transactions", "Absent without GTIDs.", (f"binlogd_target_lag_transactions{{{TARGET}}}", "{{target}}")),
            graph("Queue", "What waits in memory; at the budget the source is held back.",
                  (f"binlogd_target_queue_bytes{{{TARGET}}}", "{{target}}"), (f"binlogd_streamer_queue_bytes{{{STREAMER}}}", "all"),
                  (f"binlogd_streamer_queue_budget_bytes{{{STREAMER}}}", "budget"), unit="bytes"),
            graph("Written", "Bytes before compression.", (rate("binlogd_target_written_bytes_total", TARGET, "target"), "{{target}}"), unit="Bps"),
            graph("Retries", "Failures that are tried again.", (rate("binlogd_target_retries_total", TARGET, "target"), "{{target}}"), unit="cps"),
            graph("Events written, by kind", "", (rate("binlogd_target_events_written_total", TARGET, "target, kind"), "{{target}} {{kind}}"),
                  unit="cps"),
            graph("Events left out", "By the filter, or because an earlier epoch had them.",
                  (rate("binlogd_target_events_filtered_total", TARGET, "target, kind"), "{{target}} {{kind}}"), unit="cps"),
            graph("Disk", "Of file targets: what is free, and the size.", (f"binlogd_target_disk_free_bytes{{{TARGET}}}", "{{target}}"),
                  (f"binlogd_target_disk_size_bytes{{{TARGET}}}", "{{target}} size"), unit="bytes"),
            graph("Records written", "Of decoding targets.", (rate("binlogd_target_records_written_total", TARGET, "target"), "{{target}}"), unit="cps"),
        ]),
        ("Times", [
            graph("Commit", "To make a batch durable, with its position.",
                  (quantile(0.5, "binlogd_target_commit_seconds", TARGET, "target"), "{{target}} half"),
                  (quantile(0.99, "binlogd_target_commit_seconds", TARGET, "target"), "{{target}} 99 %"), unit="s"),
            graph("Write", "To take a block or a piece of one.",
                  (quantile(0.5, "binlogd_target_write_seconds", TARGET, "target"), "{{target}} half"),
                  (quantile(0.99, "binlogd_target_write_seconds", TARGET, "target"), "{{target}} 99 %"), unit="s"),
            heatmap("Batches", "Sizes of what became durable together.", "binlogd_target_batch_bytes", TARGET, "bytes"),
            graph("fsync", "Of files; 99 of 100 are faster.", (quantile(0.99, "binlogd_target_fsync_seconds", TARGET, "target"), "{{target}}"), unit="s"),
            graph("Upload", "Of objects to S3; 99 of 100 are faster.",
                  (quantile(0.99, "binlogd_target_put_seconds", TARGET, "target"), "{{target}}"), unit="s"),
            graph("Produce", "Until Kafka's brokers acknowledged a record; 99 of 100 are faster.",
                  (quantile(0.99, "binlogd_target_produce_seconds", TARGET, "target"), "{{target}}"), unit="s"),
            graph("Last commit", "Time since each target last made something durable.",
                  (f"time() - (binlogd_target_last_commit_timestamp_seconds{{{TARGET}}} > 0)", "{{target}}"), unit="s", width=12),
            graph("Last write", "Time since each target last wrote.",
                  (f"time() - (binlogd_target_last_write_timestamp_seconds{{{TARGET}}} > 0)", "{{target}}"), unit="s", width=12),
        ]),
        ("What is missed", [
            graph("Taps", "Events sent, and those that were missed because a tap was slow.",
                  (rate("binlogd_streamer_tap_events_total", STREAMER, "streamer"), "sent"),
                  (rate("binlogd_streamer_tap_dropped_events_total", STREAMER, "streamer"), "missed"), unit="cps"),
            graph("Gaps of taps", "Times that a tap was overtaken.", (rate("binlogd_streamer_tap_gaps_total", STREAMER, "streamer"), "{{streamer}}"), unit="cps"),
            graph("Errors", "", (f"increase(binlogd_streamer_decode_errors_total{{{STREAMER}}}[$__rate_interval])", "not decoded"),
                  (f"increase(binlogd_streamer_unnamed_tables_total{{{STREAMER}}}[$__rate_interval])", "tables without names"),
                  (f"increase(binlogd_streamer_checkpoint_write_failures_total{{{STREAMER}}}[$__rate_interval])", "checkpoint not written")),
        ]),
    ],
    ("Fleet", "binlogd-fleet"))


def main():
    if sys.argv[1:] not in (["--write"], ["--check"]):
        print(__doc__, file=sys.stderr)
        return 2
    for made in (FLEET, ONE_STREAMER):
        path = FOLDER / (made["uid"] + ".json")
        text = json.dumps(made, indent=2) + "\n"
        if sys.argv[1] == "--write":
            path.write_text(text)
        elif not path.exists() or path.read_text() != text:
            print(f"{path.relative_to(FOLDER.parents[3])} is not as scripts/lib/dashboards.py --write makes it")
    return 0


if __name__ == "__main__":
    sys.exit(main())
