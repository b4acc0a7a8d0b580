#!/usr/bin/env python3
"""Writes the tables of server/binlog/charset_*.cc from what a running MySQL server answers.

    scripts/lib/charset_tables.py COLLATIONS CLIENT [ARGUMENT…]

CLIENT [ARGUMENT…] runs the mysql client of a MySQL 9 server as root, with --default-character-set=utf8mb4 -N -B. COLLATIONS holds lines
"number TAB character set", from the servers' information_schema: of MySQL
    SELECT id, character_set_name FROM collations
and of MariaDB
    SELECT id, character_set_name FROM collation_character_set_applicability
What it writes is checked against every server by tests/integration/charset_test.cc. Run clang-format on nothing of it.
"""
import pathlib
import subprocess
import sys
import unicodedata

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "server" / "binlog"
NONE = "\ufffd"
SINGLE = ("latin1 latin2 latin5 latin7 cp1250 cp1251 cp1256 cp1257 cp850 cp852 cp866 greek hebrew koi8r koi8u dec8 hp8 swe7 "
          "macce macroman keybcs2 armscii8 geostd8 tis620").split()
NAMES = {"utf8mb3": "Utf8", "utf8mb4": "Utf8", "ascii": "Utf8", "utf8": "Utf8", "utf16le": "Utf16Le"}


def constant(charset):
    return "k" + NAMES.get(charset, charset[0].upper() + charset[1:])


def ask(client, charset, codes):
    """Code to character, of the codes that are one character of the set and have one in Unicode."""
    script = ["SET sql_log_bin=0; CREATE DATABASE charset_tables; USE charset_tables;"
              "CREATE TABLE c (id INT AUTO_INCREMENT PRIMARY KEY, b VARBINARY(4));"]
    for i in range(0, len(codes), 20000):
        script.append("INSERT INTO c (b) VALUES " + ",".join(f"(x'{code.hex()}')" for code in codes[i:i + 20000]) + ";")
    script.append(f"SELECT HEX(b), HEX(CONVERT(CONVERT(b USING {charset}) USING utf8mb4)), CHAR_LENGTH(CONVERT(b USING {charset}))"
                  " FROM c ORDER BY id; DROP DATABASE charset_tables;")
    answer = subprocess.run(client, input="\n".join(script).encode(), stdout=subprocess.PIPE, check=True).stdout.decode()
    characters = {}
    for line in answer.splitlines():
        code, utf8, length = line.split("\t")
        code = bytes.fromhex(code)
        if length != "1" or utf8 == "NULL":
            continue
        text = bytes.fromhex(utf8).decode()
        if len(text) == 1 and (text != "?" or code == b"?") and (text != NONE or len(code) == 4):
            characters[code] = text
    return characters


def doubles(first=0x80):
    return [bytes([a, b]) for a in range(first, 256) for b in range(256)]


def escape(character):
    """What reads well stands as it is; the rest, and what would turn the line's direction, as a number."""
    code_point = ord(character)
    if character in '"\\':
        return "\\" + character
    if 0x20 <= code_point < 0x7f or character == NONE:
        return character
    plain = unicodedata.category(character)[0] in "LNSP" and unicodedata.bidirectional(character) not in ("R", "AL", "AN")
    return character if plain else f"\\u{code_point:04x}"


def literal(characters):
    return 'u"' + "".join(escape(c) for c in characters) + '"'


def table(name, rows, width=96):
    """A table of characters, the rows one after another, each in lines of at most `width`."""
    lines = [f"const char16_t {name}[] ="]
    for row in rows:
        lines += ["    " + literal(row[i:i + width]) for i in range(0, len(row), width)]
    return "\n".join(lines) + ";\n"


def grid(characters, leads, trails, prefix=b""):
    return [[characters.get(prefix + bytes([a, b]), NONE) for b in trails] for a in leads]


def numbers(items, per_line):
    return "".join("    " + " ".join(items[i:i + per_line]) + "\n" for i in range(0, len(items), per_line))


def changes(name, base, other, codes):
    """How a set differs from the one whose table it shares: runs of codes that it lacks, and characters of its own."""
    runs = []
    open_run = False
    for code in codes:
        if code in base and code not in other:
            if open_run:
                runs[-1][1] = code
            else:
                runs.append([code, code])
            open_run = True
        elif code in other:
            open_run = False
    own = [(code, other[code]) for code in codes if code in other and other[code] != base.get(code)]
    value = lambda code: f"0x{code[-2:].hex()}"
    text = f"const CodeRun {name}Absent[] = {{\n" + numbers([f"{{{value(a)}, {value(b)}}}," for a, b in runs], 6) + "};\n"
    text += f"const size_t {name}AbsentCount = {len(runs)};\n"
    if own:
        text += f"const CodeCharacter {name}Own[] = {{\n" + numbers([f"{{{value(c)}, 0x{ord(t):04x}}}," for c, t in own], 6) + "};\n"
        text += f"const size_t {name}OwnCount = {len(own)};\n"
    return text


def write(name, subject, body):
    path = FOLDER / f"charset_{name}.cc"
    path.write_text(f"// {subject}\n// Written by scripts/lib/charset_tables.py.\n"
                    f'#include "binlog/charset_tables.h"\n\nnamespace binlogd {{\n\n// clang-format off\n{body}'
                    "// clang-format on\n\n}  // namespace binlogd\n")
    print(path, path.read_text().count("\n"))


def write_collations(path):
    charsets = {}
    for line in open(path):
        number, charset = line.split()
        name = constant(charset)
        if charsets.setdefault(int(number), name) != name:
            sys.exit(f"collation {number} has two character sets")
    for number, name in charsets.items():
        if 1024 <= number < 2048 and charsets[number - 1024] != name:
            sys.exit(f"collation {number} is no NO PAD variant of {number - 1024}")
    runs = []
    for number in sorted(n for n in charsets if not 1024 <= n < 2048):
        if runs and runs[-1][2] == charsets[number] and runs[-1][1] == number - 1:
            runs[-1][1] = number
        else:
            runs.append([number, number, charsets[number]])
    items = [f"{{{a}, {b}, Charset::{name}}}," for a, b, name in runs]
    write("collations", "The character sets of the collations' numbers.",
          "const CollationRun kCollations[] = {\n" + numbers(items, 4) + f"}};\nconst size_t kCollationCount = {len(runs)};\n")


def write_single(client):
    body = ""
    for charset in SINGLE:
        characters = ask(client, charset, [bytes([i]) for i in range(256)])
        row = [characters.get(bytes([i]), NONE) for i in range(256)]
        ascii_part, high = row[:128], row[128:]
        if charset == "swe7":
            body += table("kSwe7Characters", [ascii_part], 64)
        elif ascii_part == [chr(i) for i in range(128)]:
            body += table(constant(charset) + "Characters", [high], 64)
        else:
            sys.exit(f"{charset} changes ASCII")
    write("single_byte", "Characters of the bytes 0x80 to 0xff (of swe7: 0 to 0x7f) in the single-byte sets.", body)


def write_chinese(client):
    big5 = ask(client, "big5", doubles())
    write("big5", "big5.", table("kBig5Characters", grid(big5, range(0xa1, 0xfa), range(0x40, 0xff))))
    gb18030 = ask(client, "gb18030", doubles())
    digits = [bytes([d]) for d in range(0x30, 0x3a)]
    highs = [bytes([h]) for h in range(0x81, 0xff)]
    # Up to the last that stands for a character of the Basic Multilingual Plane.
    fours = [a + b + c + d for a in highs[:4] for b in digits for c in highs for d in digits]
    characters = ask(client, "gb18030", fours)
    runs = []
    for index, code in enumerate(fours):
        code_point = ord(characters[code]) if code in characters else None
        if code_point is None:
            runs.append([index, 0]) if not runs or runs[-1][1] != 0 else None
        elif not runs or runs[-1][1] == 0 or code_point - runs[-1][1] != index - runs[-1][0]:
            runs.append([index, code_point])
    write("gb18030", "gb18030, with what gbk and gb2312 have different.",
          table("kGb18030Characters", grid(gb18030, range(0x81, 0xff), range(0x40, 0xff)))
          + "const FourByteRun kGb18030FourByte[] = {\n" + numbers([f"{{{i}, 0x{c:04x}}}," for i, c in runs], 7) + "};\n"
          + f"const size_t kGb18030FourByteCount = {len(runs)};\n"
          + changes("kGbk", gb18030, ask(client, "gbk", doubles()), doubles())
          + changes("kGb2312", gb18030, ask(client, "gb2312", doubles()), doubles()))


def write_japanese(client):
    triples = [b"\x8f" + code for code in doubles(0xa1) if code[1] >= 0xa1]
    eucjpms = ask(client, "eucjpms", doubles(0xa1) + triples)
    ujis = ask(client, "ujis", doubles(0xa1) + triples)
    cells = range(0xa1, 0xff)
    cp932 = ask(client, "cp932", doubles())
    write("japanese", "eucjpms, with what ujis has different, and the rows that cp932 has beyond it.",
          table("kEucjpmsCharacters", grid(eucjpms, cells, cells))
          + table("kEucjpmsThreeByteCharacters", grid(eucjpms, cells, cells, b"\x8f"))
          + changes("kUjis", eucjpms, ujis, doubles(0xa1)) + changes("kUjisThreeByte", eucjpms, ujis, triples)
          + table("kCp932Characters", grid(cp932, range(0xeb, 0xfd), range(0x40, 0xfd))))
    sjis = ask(client, "sjis", doubles())
    for name, own, euc in (("sjis", sjis, ujis), ("cp932", cp932, eucjpms)):
        for lead in list(range(0x81, 0xa0)) + list(range(0xe0, 0xeb)):
            for trail in range(256):
                row = 2 * (lead - (0x81 if lead < 0xa0 else 0xc1)) + (trail >= 0x9f)
                cell = trail - 0x9f if trail >= 0x9f else trail - 0x40 - (trail > 0x7f)
                valid = 0x40 <= trail <= 0xfc and trail != 0x7f
                if own.get(bytes([lead, trail])) != (euc.get(bytes([0xa1 + row, 0xa1 + cell])) if valid else None):
                    sys.exit(f"{name} is not what its table in EUC says: {lead:02x}{trail:02x}")


def main():
    collations, client = sys.argv[1], sys.argv[2:]
    write_collations(collations)
    write_single(client)
    write_chinese(client)
    write_japanese(client)
    euckr = ask(client, "euckr", doubles())
    write("euckr", "euckr.", table("kEuckrCharacters", grid(euckr, range(0x81, 0xfe), range(0x41, 0xff))))


main()
