#!/usr/bin/env python3
"""The blocks of the documentation: each is run, or checked, or says why not.

  tests/docs/page.py check PAGE…    every block has a language and is what that says; needs a built binlogd and binlogctl
  tests/docs/page.py run PAGE       the page's commands, as written, in the machine of tests/docs/world; 77 when that cannot be had
  tests/docs/page.py show PAGE      the same, and shows what each command prints

The language of a fenced block says what becomes of it:
  sh       commands, run in one shell for all of the page, from the top
  console  the same after "$ ", each followed by what it prints; "…" stands for anything, and a line of its own for any lines
  yaml     a streamer's spec, or a part of one, which binlogd must accept
  json     one value, or one a line
  sql, proto, text    shown only

A comment on the line before the fence changes that:
  <!-- not run: WHY -->      commands that no test can run
  <!-- not a spec: WHY -->   YAML of another kind
  <!-- file: NAME -->        the block is put into this file of the shell's folder
  <!-- on: HOST -->          SQL, run on that server
  <!-- with: PROGRAM -->     run where that program is installed

Commands that a person would interrupt run until they print something; binlogd runs in the background until it serves, and until the
next one. What a page finds on the machine beyond that is made by tests/docs/setup/NAME.sh, whose first line, "# world: PART…", names
what the world has.
"""
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
BUILD = pathlib.Path(os.environ.get("BINLOGD_BUILD", ROOT / "build"))
SKIPPED = 77
DIRECTIVES = ("not run", "not a spec", "file", "on", "with")
LANGUAGES = ("sh", "console", "yaml", "json", "sql", "proto", "text")
ENDLESS = re.compile(r"binlogctl (top\b|tap (?!.*--(count|until)\b)|.*--(watch|follow)\b)(?!.*[|>])")
SERVICE = re.compile(r"binlogd --(?!help|version)")


class Block:
    """One fenced block of a page."""

    def __init__(self, page, line, language, text, directive, argument):
        self.page, self.line, self.language, self.text = page, line, language, text
        self.directive, self.argument = directive, argument

    @property
    def place(self):
        return f"{os.path.relpath(self.page, ROOT)}:{self.line}"

    def is_run(self):
        return (self.language in ("sh", "console") and self.directive != "not run") or self.directive in ("file", "on")


def blocks(page):
    found, previous = [], ""
    lines = iter(enumerate(page.read_text().splitlines(), 1))
    for number, line in lines:
        fence = re.match(r"( *)(```+)(\S*)", line)
        if not fence:
            previous = line
            continue
        text = []
        for _, inner in lines:
            if inner.strip() == fence[2]:
                break
            text.append(inner[len(fence[1]):] if inner.startswith(fence[1]) else inner)
        comment = re.fullmatch(r" *<!-- ([a-z ]+): (.+) -->", previous)
        directive, argument = (comment[1], comment[2]) if comment else ("", "")
        found.append(Block(page, number, fence[3], "\n".join(text) + "\n", directive, argument))
        previous = ""
    return found


# --- Checking ------------------------------------------------------------------------------------------------------------------


def is_json(text):
    try:
        json.loads(text)
    except json.JSONDecodeError:
        try:
            for line in text.splitlines():
                json.loads(line)
        except json.JSONDecodeError:
            return False
    return True


def whole_spec(text):
    """A spec of what may be a part of one only."""
    fields = re.findall(r"(?m)^([a-z]+):", text)
    parts = [text]
    if "name" not in fields:
        parts.append("name: docs\n")
    if "source" not in fields:
        parts.append('source: {endpoints: ["db1:3306"], user: repl}\n')
    if "targets" not in fields:
        parts.append("targets: [{name: docs, file: {path: /var/lib/binlogd/docs}}]\n")
    return "".join(parts)


class Server:
    """A binlogd that is asked what it thinks of specs."""

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory()
        state = pathlib.Path(self.folder.name) / "state"
        log = pathlib.Path(self.folder.name) / "log"
        with log.open("w") as output:
            self.process = subprocess.Popen([BUILD / "server/binlogd", "--listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0",
                                             "--state-dir", state], stdout=output, stderr=output)
        while not (ports := re.search(r"serves on port (\d+)", log.read_text())):
            if self.process.poll() is not None:
                raise RuntimeError(f"binlogd does not start:\n{log.read_text()}")
        self.address = f"127.0.0.1:{ports[1]}"
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.folder.cleanup()

    def objection(self, spec):
        command = [BUILD / "client/binlogctl", "--server", self.address, "apply", "--dry-run", "-f", "-"]
        result = subprocess.run(command, input=spec, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        return "" if result.returncode == 0 else result.stdout.strip()


def finding(block, server):
    """What is wrong with a block, or nothing."""
    if block.language not in LANGUAGES:
        return f'a block has the language "{block.language}", which is none of: {", ".join(LANGUAGES)}'
    if block.directive and block.directive not in DIRECTIVES:
        return f'a block has the comment "{block.directive}", which is none of: {", ".join(DIRECTIVES)}'
    if block.language == "json" and not is_json(block.text):
        return "this is no JSON"
    if block.language == "yaml" and block.directive != "not a spec":
        objection = server.objection(whole_spec(block.text))
        return f"binlogd does not accept this spec: {objection}" if objection else ""
    if block.language == "console" and not block.text.startswith("$ "):
        return 'a console begins with "$ "'
    return ""


def check(pages):
    findings = []
    with Server() as server:
        for page in pages:
            for block in blocks(page):
                problem = finding(block, server)
                if problem:
                    findings.append(f"{block.place}: {problem}")
    print("\n".join(findings), end="\n" if findings else "")
    return 1 if findings else 0


# --- Running -------------------------------------------------------------------------------------------------------------------


class Step:
    """Commands with one output, and the pattern of what they print."""

    def __init__(self, place, script, expected=None):
        self.place, self.script, self.expected = place, script, expected


def script_line(line):
    if SERVICE.match(line):
        return "serve " + re.sub(r"&? *(#.*)?$", "", line)
    return f"until_it_shows {line}" if ENDLESS.match(line) else line


def script(text):
    return "\n".join(script_line(line) for line in text.splitlines()) + "\n"


def console_steps(block):
    commands = []
    for line in block.text.splitlines():
        if line.startswith("$ "):
            commands.append(([line[2:]], []))
        elif line.startswith("> ") or (commands[-1][0][-1].endswith("\\") and not commands[-1][1]):
            commands[-1][0].append(line.removeprefix("> "))
        else:
            commands[-1][1].append(line)
    return [Step(block.place, script("\n".join(command)), expected) for command, expected in commands]


def world_of(page):
    """What the page's world has, and the script that furnishes it, if there is one."""
    setup = HERE / "setup" / f"{page.stem}.sh"
    if not setup.exists():
        return ["mariadb=db1"], None
    return setup.read_text().splitlines()[0].removeprefix("# world:").split(), setup


def steps(page, parts):
    """What is run, and what is not because the machine lacks something."""
    clients = {host: flavor for flavor, _, host in (part.partition("=") for part in parts) if host}
    found, skipped = [], []
    for block in blocks(page):
        if not block.is_run():
            continue
        if block.directive == "with" and not shutil.which(block.argument):
            skipped.append(f"SKIPPED: {block.place}: there is no program {block.argument}")
        elif block.directive == "file":
            found.append(Step(block.place, f"cat >{shlex.quote(block.argument)} <<'DOCUMENT'\n{block.text}DOCUMENT\n"))
        elif block.directive == "on":
            client = clients[block.argument]
            found.append(Step(block.place, f"{client} -h {block.argument} <<'STATEMENTS'\n{block.text}STATEMENTS\n"))
        elif block.language == "console":
            found += console_steps(block)
        else:
            found.append(Step(block.place, script(block.text)))
    return found, skipped


def pattern(expected):
    parts = []
    for line in expected:
        if line.strip() == "…":
            parts.append(r"(?:.*\n)*?")
        else:
            # Columns are as wide as what stands in them.
            words = re.split(r"…", line.rstrip())
            parts.append(".*".join(re.sub(r"(\\ )+", r"[ \t]+", re.escape(word)) for word in words) + r"[ \t]*\n")
    return re.compile("".join(parts))


def write_driver(folder, setup, found):
    lines = ["set -euo pipefail", f"source {shlex.quote(str(HERE / 'commands.sh'))}"]
    every = ([Step(str(setup), f"source {shlex.quote(str(setup))}\n")] if setup else []) + found
    for number, step in enumerate(every):
        (folder / f"{number}.sh").write_text(step.script)
        lines += [f"echo {number} >{folder}/current", f"source {folder}/{number}.sh >{folder}/{number}.out 2>&1"]
    (folder / "driver").write_text("\n".join(lines) + "\n")
    return every


def run(page, show):
    parts, setup = world_of(page)
    found, skipped = steps(page, parts)
    status = run_steps(page, parts, setup, found, show) if found else 0
    if status == 0 and skipped:
        print("\n".join(skipped))
        return SKIPPED
    return status


def run_steps(page, parts, setup, found, show):
    with tempfile.TemporaryDirectory(prefix="binlogd-docs-") as name:
        folder = pathlib.Path(name)
        every = write_driver(folder, setup, found)
        command = [HERE / "world", "--open", folder, *parts, "--", "bash", folder / "driver"]
        status = subprocess.run(command, stdin=subprocess.DEVNULL, check=False).returncode
        if status == SKIPPED:
            return SKIPPED
        return report(folder, every, status, show)


def report(folder, every, status, show):
    current = folder / "current"
    if not current.exists():
        print(f"the world could not be made: status {status}")
        return 1
    reached = int(current.read_text())
    for number, step in enumerate(every[:reached + 1]):
        output = (folder / f"{number}.out").read_text()
        if show:
            print(f"{step.place}: {step.script}{output}")
        if status and number == reached:
            print(f"{step.place}: fails with status {status}:\n{step.script}--- and says:\n{output}")
            return 1
        if step.expected and not pattern(step.expected).fullmatch(output):
            print(f"{step.place}: {step.script}--- should print:\n" + "\n".join(step.expected) + f"\n--- but prints:\n{output}")
            return 1
    print(f"{len(every)} steps are as written")
    return 0


def main(arguments):
    if len(arguments) < 2 or arguments[0] not in ("check", "run", "show"):
        print(__doc__.strip(), file=sys.stderr)
        return 2
    pages = [pathlib.Path(argument).resolve() for argument in arguments[1:]]
    os.environ.pop("BINLOGCTL_SERVER", None)
    return check(pages) if arguments[0] == "check" else run(pages[0], arguments[0] == "show")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
