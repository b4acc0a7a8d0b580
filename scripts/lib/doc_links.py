#!/usr/bin/env python3
"""What documents point to and is not there: files, sections, tests that they name, and the commands that the README begins with.

  scripts/lib/doc_links.py       one finding a line
"""
import os
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
ELSEWHERE = ("http://", "https://", "mailto:")
TEST = re.compile(r"`([A-Z]\w+Test)\.(\w+)`")


def documents():
    return sorted(path for path in ROOT.glob("**/*.md") if not re.match(r"(build|\.git/)", path.relative_to(ROOT).as_posix()))


def prose(text):
    """Without code, in which brackets mean something else."""
    return re.sub(r"`[^`\n]*`", "", re.sub(r"(?ms)^ *```.*?^ *```", "", text))


def sections(path):
    """The anchors of a document's headings, as GitHub makes them."""
    anchors, seen = set(), {}
    for heading in re.findall(r"(?m)^#+ (.*)$", re.sub(r"(?ms)^ *```.*?^ *```", "", path.read_text())):
        text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).strip().lower()
        anchor = re.sub(r"[^\w\- ]", "", text).replace(" ", "-")
        count = seen.get(anchor, 0)
        seen[anchor] = count + 1
        anchors.add(f"{anchor}-{count}" if count else anchor)
    return anchors


def dead_links(path):
    for target in re.findall(r"\]\(([^) ]+)\)", prose(path.read_text())):
        if target.startswith(ELSEWHERE):
            continue
        file, _, section = target.partition("#")
        there = (path.parent / file) if file else path
        if not there.exists():
            yield f"{target} is not there"
        elif section and there.suffix == ".md" and section not in sections(there):
            yield f"{target}: there is no such section"


def missing_tests(path, tests):
    for suite, name in TEST.findall(path.read_text()):
        if f"{suite}, {name})" not in tests:
            yield f"there is no test {suite}.{name}"


def missing_commands(readme):
    for block in re.findall(r"(?ms)^```sh\n(.*?)^```", readme.read_text()):
        for command in re.findall(r"(?m)^(scripts/\S+)", block):
            if not os.access(ROOT / command, os.X_OK):
                yield f"{command} cannot be run"


def main():
    tests = "".join(path.read_text() for path in (ROOT / "tests").glob("**/*.cc"))
    findings = []
    for path in documents():
        problems = [*dead_links(path), *missing_tests(path, tests)]
        if path == ROOT / "README.md":
            problems += missing_commands(path)
        findings += [f"{path.relative_to(ROOT)}: {problem}" for problem in problems]
    print("\n".join(findings), end="\n" if findings else "")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
