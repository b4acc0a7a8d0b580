#!/usr/bin/env python3
"""docs/api.md and proto/numbers.txt, made from the protos.

  scripts/lib/api_docs.py --write    writes both
  scripts/lib/api_docs.py --check    prints what is stale, not commented, or a number that means something else than
                                     before, one finding a line

proto/numbers.txt holds every number that a field or enum value ever had. Lines are added to it and never taken away: a
field that is dropped stays there, and has to be reserved in the proto.
"""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROTO = ROOT / "proto"
API = ROOT / "docs" / "api.md"
NUMBERS = PROTO / "numbers.txt"

SCALARS = {1: "double", 2: "float", 3: "int64", 4: "uint64", 5: "int32", 6: "fixed64", 7: "fixed32", 8: "bool", 9: "string",
           12: "bytes", 13: "uint32", 15: "sfixed32", 16: "sfixed64", 17: "sint32", 18: "sint64"}
REPEATED = 3


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


class Message:
    """A serialized message, field by field: the numbers are those of google/protobuf/descriptor.proto."""

    def __init__(self, data):
        self.fields = {}
        at = 0
        while at < len(data):
            tag, at = varint(data, at)
            if tag & 7 == 0:
                value, at = varint(data, at)
            elif tag & 7 == 2:
                size, at = varint(data, at)
                value, at = data[at:at + size], at + size
            else:
                size = 8 if tag & 7 == 1 else 4
                value, at = data[at:at + size], at + size
            self.fields.setdefault(tag >> 3, []).append(value)

    def text(self, number):
        return self.fields.get(number, [b""])[-1].decode()

    def texts(self, number):
        return [value.decode() for value in self.fields.get(number, [])]

    def number(self, number):
        return self.fields.get(number, [0])[-1]

    def messages(self, number):
        return [Message(value) for value in self.fields.get(number, [])]


class File:
    """One .proto file: what it declares, with comments."""

    def __init__(self, message):
        self.name = message.text(1)
        self.package = message.text(2)
        self.message = message
        self.comments = {}
        for info in message.messages(9):
            for location in info.messages(1):
                path, data, at = [], b"".join(location.fields.get(1, [])), 0
                while at < len(data):
                    step, at = varint(data, at)
                    path.append(step)
                self.comments[tuple(path)] = location.text(3).strip()

    def comment(self, path):
        return self.comments.get(tuple(path), "")

    def services(self):
        return [(service, (6, i)) for i, service in enumerate(self.message.messages(6))]

    def types(self):
        """(full name, descriptor, path, is enum), in the order of the file; nested ones after their parents."""
        yield from self.types_in(self.package, self.message, (), 4, 5)

    def types_in(self, scope, parent, path, message_number, enum_number):
        for i, enum in enumerate(parent.messages(enum_number)):
            yield f"{scope}.{enum.text(1)}", enum, path + (enum_number, i), True
        for i, message in enumerate(parent.messages(message_number)):
            if is_map_entry(message):
                continue
            name = f"{scope}.{message.text(1)}"
            yield name, message, path + (message_number, i), False
            yield from self.types_in(name, message, path + (message_number, i), 3, 4)


def is_map_entry(message):
    return any(options.number(7) for options in message.messages(7))


def read_files():
    # What binlogctl says of log files by itself never travels.
    names = sorted(path.relative_to(PROTO).as_posix() for path in PROTO.glob("binlogd/**/*.proto")
                   if path.name not in ("client.proto", "log_report.proto"))
    command = ["protoc", "-I", str(PROTO), "--include_source_info", "--descriptor_set_out=/dev/stdout", *names]
    files = Message(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout).messages(1)
    order = ["service.proto", "streamer.proto", "event.proto"]
    key = lambda file: ([i for i, name in enumerate(order) if file.name.endswith("/" + name)] or [len(order)])[0]
    return sorted((File(file) for file in files), key=key)


def signed(number):
    return number - (1 << 64) if number >> 63 else number


def members(descriptor, is_enum):
    """(number, name, descriptor) of a type's fields or values."""
    return [(signed(member.number(2 if is_enum else 3)), member.text(1), member) for member in descriptor.messages(2)]


# --- Numbers ---------------------------------------------------------------------------------------------------------


def read_numbers():
    numbers = {}
    if NUMBERS.exists():
        for line in NUMBERS.read_text().splitlines():
            if line and not line.startswith("#"):
                scope, number, name = line.split()
                numbers[scope, int(number)] = name
    return numbers


def reserved(descriptor, number, is_enum):
    if is_enum:
        return any(signed(span.number(1)) <= number <= signed(span.number(2)) for span in descriptor.messages(4))
    # The end of a message's range is not part of it.
    return any(span.number(1) <= number < span.number(2) for span in descriptor.messages(9))


def check_numbers(files, known):
    """Findings, and what is not listed yet."""
    findings, new = [], {}
    types = {}
    for file in files:
        for scope, descriptor, _, is_enum in file.types():
            types[scope] = descriptor, is_enum
            for number, name, _ in members(descriptor, is_enum):
                before = known.get((scope, number))
                elsewhere = [n for (s, n), other in known.items() if s == scope and other == name and n != number]
                if before is None and not elsewhere:
                    new[scope, number] = name
                elif before != name and before is not None:
                    findings.append(f"{file.name}: {scope}.{name} has the number {number}, which was {before}'s: take another")
                elif elsewhere:
                    findings.append(f"{file.name}: {scope}.{name} had the number {elsewhere[0]}, now {number}: give it back")
    for (scope, number), name in known.items():
        descriptor, is_enum = types.get(scope, (None, False))
        if descriptor is None or (number, name) in [member[:2] for member in members(descriptor, is_enum)]:
            continue
        if not reserved(descriptor, number, is_enum):
            findings.append(f"{scope}.{name} is gone: reserve its number {number} and its name")
    return findings, new


def numbers_text(numbers):
    head = ("# Every number that a field or an enum's value ever had: made by scripts/lib/api_docs.py --write, which only adds.\n"
            "# A number is never given to another name.\n")
    return head + "".join(f"{scope} {number} {name}\n" for (scope, number), name in sorted(numbers.items()))


# --- The page --------------------------------------------------------------------------------------------------------


def check_comments(files):
    for file in files:
        for service, path in file.services():
            for i, method in enumerate(service.messages(2)):
                if not file.comment(path + (2, i)):
                    yield f"{file.name}: rpc {method.text(1)} has no comment"
        for scope, descriptor, path, is_enum in file.types():
            if not file.comment(path):
                yield f"{file.name}: {scope} has no comment"
            for i, (_, name, _) in enumerate(members(descriptor, is_enum)):
                if not file.comment(path + (2, i)):
                    yield f"{file.name}: {scope}.{name} has no comment"


def one_line(comment):
    return re.sub(r"\s+", " ", comment).strip().replace("|", "\\|")


def short(type_name):
    return re.sub(r"^\.?binlogd\.v1\.", "", type_name)


def link(type_name, documented):
    name = short(type_name)
    if type_name.lstrip(".") not in documented:
        return f"`{type_name.lstrip('.')}`"
    return f"[{name}](#{re.sub('[^a-z0-9_-]', '', name.lower())})"


def field_type(field, descriptor, documented):
    type_name = field.text(6)
    if type_name:
        entry = [nested for nested in descriptor.messages(3)
                 if is_map_entry(nested) and type_name.endswith(f".{descriptor.text(1)}.{nested.text(1)}")]
        if entry:
            key, value = (field_type(part, entry[0], documented) for part in entry[0].messages(2))
            return f"map of {key} to {value}"
    text = link(type_name, documented) if type_name else SCALARS[field.number(5)]
    if field.number(4) == REPEATED:
        return f"repeated {text}"
    return f"optional {text}" if field.number(17) else text


def type_section(file, scope, descriptor, path, is_enum, documented):
    lines = [f"### {short(scope)}", "", one_line(file.comment(path)), ""]
    if is_enum:
        lines += ["| value | number | meaning |", "|---|---|---|"]
    elif descriptor.messages(2):
        lines += ["| field | number | type | meaning |", "|---|---|---|---|"]
    oneofs = [oneof.text(1) for oneof in descriptor.messages(8)] if not is_enum else []
    for i, (number, name, member) in enumerate(members(descriptor, is_enum)):
        meaning = one_line(file.comment(path + (2, i)))
        if is_enum:
            lines.append(f"| `{name}` | {number} | {meaning} |")
            continue
        if 9 in member.fields and not member.number(17):
            meaning = f"(one of `{oneofs[member.number(9)]}`) {meaning}"
        lines.append(f"| `{name}` | {number} | {field_type(member, descriptor, documented)} | {meaning} |")
    return "\n".join(lines).rstrip() + "\n"


def page(files):
    documented = {scope for file in files for scope, *_ in file.types()}
    parts = ["# API\n\nMade from the protos by `scripts/lib/api_docs.py --write`; the comments are theirs. What a failed call's reason means\n"
             "stands in [errors.md](errors.md).\n"]
    for file in files:
        for service, path in file.services():
            parts.append(f"## {service.text(1)}\n\n" + re.sub(r"(?m)^ ", "", file.comment(path)) + "\n")
            for i, method in enumerate(service.messages(2)):
                stream = "a stream of " if method.number(6) else ""
                parts.append(f"### {service.text(1)}.{method.text(1)}\n\n{link(method.text(2), documented)} → {stream}"
                             f"{link(method.text(3), documented)}\n\n{one_line(file.comment(path + (2, i)))}\n")
    for file in files:
        parts.append(f"## {file.name}\n")
        parts += [type_section(file, *declared, documented) for declared in file.types()]
    return "\n".join(parts)


def main(arguments):
    if arguments not in (["--write"], ["--check"]):
        print(__doc__.strip(), file=sys.stderr)
        return 2
    files = read_files()
    known = read_numbers()
    findings, new = check_numbers(files, known)
    findings += check_comments(files)
    if arguments == ["--write"]:
        if not findings:
            NUMBERS.write_text(numbers_text({**known, **new}))
            API.write_text(page(files))
    else:
        findings += [f"proto/numbers.txt lacks {scope}.{name} = {number}; run scripts/lib/api_docs.py --write"
                     for (scope, number), name in new.items()]
        if not API.exists() or API.read_text() != page(files):
            findings.append("docs/api.md is not that of the protos; run scripts/lib/api_docs.py --write")
    print("\n".join(findings), end="\n" if findings else "")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
