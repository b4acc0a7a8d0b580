#!/usr/bin/env python3
"""docs/configuration.md, made from streamer.proto and from what `binlogd --help` says.

  scripts/lib/config_docs.py --write BINLOGD           writes the page; BINLOGD is the built program
  scripts/lib/config_docs.py --check [BINLOGD]         prints what is stale, one finding a line; the flags only with the program
"""
import pathlib
import re
import subprocess
import sys

import api_docs

PAGE = api_docs.ROOT / "docs" / "configuration.md"
SPEC = "binlogd.v1.StreamerSpec"
# What stands in several places is described once.
SHARED = {"binlogd.v1.Secret": "Secrets", "binlogd.v1.StartSpec": "Where to start"}

HEAD = """# Configuration

Made from [streamer.proto](../proto/binlogd/v1/streamer.proto) and `binlogd --help` by `scripts/lib/config_docs.py --write`; the tests
check that it is theirs.

- [Flags of binlogd](#flags-of-binlogd)
- [A streamer's spec](#a-streamers-spec), field by field

"""

SPEC_HEAD = """## A streamer's spec

YAML or JSON, in the files of `binlogctl apply` and `binlogd --streamers`, and the same fields in the API ([api.md](api.md)). An unknown
field, a bad value or two that clash are refused with the field's path; nothing is guessed.

- Durations are `250ms`, `5s`, `1h30m`, `30d`; sizes are bytes, or have KiB, MiB or GiB behind them: `256MiB`.
- Names of enumerations are read in any case. Numbers and durations that are not given have the default.
- A file may hold several specs, as YAML documents.

One with much of what there is, and a target of each kind:

```yaml
name: orders
labels: {team: data, env: prod}
source:
  flavor: MYSQL
  endpoints: ["db1:3306", "db2:3306"]
  user: repl
  password: {file: /etc/binlogd/secrets/orders}
  server_id: 1001
  tls: {mode: VERIFY_IDENTITY, ca_file: /etc/binlogd/db-ca.pem}
  gtid: true
  start: {current: {}}
filter:
  databases: [shop]
  exclude_tables: ["shop.tmp_*"]
  events: [WRITE, UPDATE, DELETE]
batch: {max_events: 1000, max_bytes: 10MiB, max_wait: 5s}
checkpoint: {interval: 10s}
targets:
  - name: changes
    file:
      path: /var/lib/binlogd/changes/orders
      format: JSON
      rotate_bytes: 256MiB
      rotate_age: 1h
      compression: ZSTD
      encryption: {key_files: [/etc/binlogd/keys/2026]}
      retention: {max_age: 7d}
  - name: cold
    s3: {bucket: backups, prefix: orders/, region: eu-west-1, format: JSON, compression: ZSTD, server_side_encryption: {mode: AES256}, tags: {team: data}}
  - name: bus
    required: false
    start: {earliest: {}}
    kafka:
      brokers: ["k1:9093", "k2:9093"]
      topic: "cdc.{database}.{table}"
      format: DEBEZIUM_JSON
      compression: LZ4
      sasl: {mechanism: SCRAM_SHA_512, user: cdc, password: {env: KAFKA_PASSWORD}}
      tls: {ca_file: /etc/binlogd/kafka-ca.pem}
```

"""

FLAGS_HEAD = """## Flags of binlogd

`binlogd --state-dir DIR [FLAG…]`; [operations.md](operations.md#running) says what running it takes, [security.md](security.md) how it is
secured.

| flag | default | meaning |
|---|---|---|
"""


# --- Flags -------------------------------------------------------------------------------------------------------------------


def read_flags(program):
    """(flag, type, default, meaning, needs) of what --help tells."""
    text = subprocess.run([program, "--help"], check=True, stdout=subprocess.PIPE, text=True).stdout
    options = text.split("\nOptions:\n", 1)[1].split("\nSubcommands:\n")[0]
    # A meaning begins after two blanks or on the next line.
    entries = re.findall(r"(?m)^  (-\S.*(?:\n {20,}.*)*)", options)
    return [read_flag(entry) for entry in entries]


def read_flag(entry):
    match = re.match(r"(?P<names>\S+)(?: (?P<type>[A-Z]\S*))?(?P<rest>[^\n]*)(?P<more>(?:\n.*)*)", entry)
    names, rest, more = match["names"], match["rest"], re.sub(r"\s+", " ", match["more"]).strip()
    head, _, meaning = re.sub(r"^ (?! )", "", rest).partition("  ") if "  " in rest else (rest, "", "")
    kind, _, default = (match["type"] or "").partition("=")
    several = "..." in head
    needs = re.findall(r"Needs: (\S+)", head)
    choices = re.search(r":\{(.*)\}", kind)
    span = re.search(r" in (\[.*?\])(?:=(\S+))?", head)
    if span:
        default = span[2] or default
    return {"name": names.split(",")[-1], "value": value_word(kind, choices), "several": several, "default": default,
            "meaning": " ".join(part for part in (meaning.strip(), more) if part), "needs": needs, "range": span[1] if span else ""}


def value_word(kind, choices):
    if choices:
        return choices[1].replace(",", "|")
    word = kind.split(":")[0]
    return {"TEXT": "VALUE", "INT": "NUMBER", "UINT": "NUMBER"}.get(word, word)


def flag_row(flag):
    name = f"`{flag['name']}" + (f" {flag['value']}" if flag["value"] else "") + ("…" if flag["several"] else "") + "`"
    meaning = flag["meaning"]
    if flag["range"]:
        least, most = re.findall(r"\d+", flag["range"])
        meaning += f"; {least} to {most}"
    if flag["needs"]:
        meaning += "; needs " + ", ".join(f"`{need}`" for need in flag["needs"])
    default = f"`{flag['default']}`" if flag["default"] else ""
    return "| " + " | ".join((name.replace("|", "\\|"), default, meaning.replace("|", "\\|"))) + " |"


def flags_section(program):
    return FLAGS_HEAD + "\n".join(flag_row(flag) for flag in read_flags(program)) + "\n\n"


# --- Spec --------------------------------------------------------------------------------------------------------------------


class Protos:
    def __init__(self):
        self.types = {}
        for file in api_docs.read_files():
            for scope, descriptor, path, is_enum in file.types():
                self.types[scope] = (file, descriptor, path, is_enum)

    def comment(self, scope, member=None):
        file, _, path, _ = self.types[scope]
        return api_docs.one_line(file.comment(path if member is None else path + (2, member)))

    def fields(self, scope):
        """(name, field descriptor, comment)"""
        descriptor = self.types[scope][1]
        return [(field.text(1), field, self.comment(scope, i)) for i, field in enumerate(descriptor.messages(2))]

    def is_enum(self, scope):
        return scope in self.types and self.types[scope][3]

    def map_entry(self, scope, field):
        return [nested for nested in self.types[scope][1].messages(3)
                if api_docs.is_map_entry(nested) and field.text(6).endswith(f".{nested.text(1)}")]


def type_of(protos, scope, field, described):
    name = field.text(6).lstrip(".")
    if name and protos.map_entry(scope, field):
        return "names and values"
    if name == "google.protobuf.Duration":
        text = "duration"
    elif name == "google.protobuf.Empty":
        text = "`{}`"
    elif name in SHARED:
        text = "[secret](#secrets)" if name.endswith("Secret") else "[start](#where-to-start)"
    elif protos.is_enum(name):
        text = f"as {described[name]}" if name in described else "a name, see below"
        if name.endswith("EventType"):
            text = "[kind of event](formats.md#json)"
    elif name:
        text = "object"
    else:
        text = {"string": "text", "bool": "boolean"}.get(api_docs.SCALARS[field.number(5)], "number")
    return f"list of {text}" if field.number(4) == api_docs.REPEATED else text


def default_of(protos, field, comment):
    """What the comment says, or the one that every field of the type has."""
    if field.number(4) == api_docs.REPEATED:
        return ""
    stated = re.search(r"\b[Dd]efault:? (\"[^\"]+\"|`[^`]+`|.+?)(?:[;,]|\.(?= |$)|$)", comment)
    if stated:
        words = stated[1].strip("\"`")
        if " " not in words and not words.endswith("'s"):
            return f"`{words}`"
        return words if len(words.split()) <= 4 else "see there"
    name = field.text(6).lstrip(".")
    if protos.is_enum(name):
        first = protos.types[name][1].messages(2)[0].text(1)
        return "" if f"not {first}" in comment else f"`{first}`"
    return "`false`" if field.number(5) == 8 else ""


def meaning_of(protos, field, comment):
    name = field.text(6).lstrip(".")
    return protos.comment(name) if protos.is_enum(name) and comment.startswith("See ") else comment


def alternatives(protos, scope):
    """A sentence for fields of which only one may be set."""
    names = [f"`{name}`" for name, field, _ in protos.fields(scope) if 9 in field.fields and not field.number(17)]
    return f" One of {', '.join(names[:-1])} and {names[-1]}." if names else ""


def enum_table(protos, path, scope):
    lines = [f"Values of `{path}`:", "", "| value | meaning |", "|---|---|"]
    for i, member in enumerate(protos.types[scope][1].messages(2)):
        lines.append(f"| `{member.text(1)}` | {protos.comment(scope, i)} |")
    return "\n".join(lines) + "\n\n"


def object_section(protos, path, scope, title, described):
    """The section of an object, then those of the objects in it."""
    text = [f"### {title}\n\n{protos.comment(scope)}{alternatives(protos, scope)}\n\n",
            "| field | type | default | meaning |\n|---|---|---|---|\n"]
    tables, nested = [], []
    for name, field, comment in protos.fields(scope):
        where = f"{path}.{name}" if path else name
        inner = field.text(6).lstrip(".")
        several = field.number(4) == api_docs.REPEATED and not protos.map_entry(scope, field)
        text.append(f"| `{name}` | {type_of(protos, scope, field, described)} | {default_of(protos, field, comment)} | "
                    f"{meaning_of(protos, field, comment)} |\n")
        if protos.is_enum(inner) and inner.endswith("EventType"):
            continue
        if protos.is_enum(inner):
            if inner not in described:
                described[inner] = f"`{where}`"
                tables.append(enum_table(protos, where, inner))
        elif inner in protos.types and inner not in SHARED and not protos.map_entry(scope, field):
            nested.append((where + ("[]" if several else ""), inner))
    text.append("\n")
    sections = "".join(text) + "".join(tables)
    for where, inner in nested:
        if inner not in described:
            described[inner] = f"`{where}`"
            sections += object_section(protos, where, inner, f"`{where}`", described)
    return sections


def spec_section():
    protos = Protos()
    described = {}
    text = SPEC_HEAD + object_section(protos, "", SPEC, "The spec", described)
    for scope, title in SHARED.items():
        text += object_section(protos, "", scope, title, described)
    return text.rstrip() + "\n"


# --- The page ----------------------------------------------------------------------------------------------------------------


def split(page):
    """Its flags, and its spec."""
    at = page.find(SPEC_HEAD.splitlines()[0])
    return (page[:at], page[at:]) if at >= 0 else (page, "")


def main(arguments):
    action, program = (*arguments, None, None)[:2]
    if len(arguments) > 2 or action not in ("--write", "--check") or (action == "--write" and not program):
        print(__doc__.strip(), file=sys.stderr)
        return 2
    if action == "--write":
        PAGE.write_text(HEAD + flags_section(program) + spec_section())
        return 0
    flags, spec = split(PAGE.read_text() if PAGE.exists() else "")
    stale = []
    if spec != spec_section():
        stale.append("the spec is not that of streamer.proto")
    if program and flags != HEAD + flags_section(program):
        stale.append("the flags are not those of binlogd")
    for finding in stale:
        print(f"docs/configuration.md: {finding}; run scripts/lib/config_docs.py --write build/server/binlogd")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
