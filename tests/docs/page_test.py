#!/usr/bin/env python3
"""What page.py makes of a page."""
import pathlib
import tempfile
import unittest

import page


class PageTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = pathlib.Path(folder.name) / "page.md"

    def blocks(self, text):
        self.path.write_text(text)
        return page.blocks(self.path)

    def steps(self, text):
        self.path.write_text(text)
        return page.steps(self.path, ["mariadb=db1", "mysql=db2"])[0]

    def test_a_block_without_a_language_is_found(self):
        [block] = self.blocks("text\n```\nls\n```\n")
        self.assertIn("language", page.finding(block, None))

    def test_a_comment_that_is_none_of_ours_is_found(self):
        [block] = self.blocks("<!-- nut run: why -->\n```sh\nls\n```\n")
        self.assertIn("nut run", page.finding(block, None))

    def test_a_reason_is_needed(self):
        [block] = self.blocks("<!-- not run: -->\n```sh\nls\n```\n")
        self.assertTrue(block.is_run())

    def test_broken_json_is_found(self):
        for text, good in (("{}", True), ('{"a":1}\n{"a":2}', True), ("{", False)):
            [block] = self.blocks(f"```json\n{text}\n```\n")
            self.assertEqual(page.finding(block, None) == "", good, text)

    def test_what_is_run_and_what_is_not(self):
        steps = self.steps("```sh\none\n```\n<!-- not run: why -->\n```sh\ntwo\n```\n```text\nthree\n```\n"
                           "<!-- with: no-such-program -->\n```sh\nfour\n```\n")
        self.assertEqual([step.script for step in steps], ["one\n"])

    def test_files_and_statements(self):
        file, statement = self.steps("<!-- file: a b.yaml -->\n```yaml\nx: 1\n```\n<!-- on: db2 -->\n```sql\nSELECT 1;\n```\n")
        self.assertTrue(file.script.startswith("cat >'a b.yaml' <<"))
        self.assertTrue(statement.script.startswith("mysql -h db2 <<"))

    def test_blocks_in_lists_lose_their_indentation(self):
        self.assertEqual([step.script for step in self.steps("- x\n\n  ```sh\n  a\n    b\n  ```\n")], ["a\n  b\n"])

    def test_commands_that_do_not_end(self):
        for line, made in (
                ("binlogd --state-dir x &", "serve binlogd --state-dir x"),
                ("binlogd --state-dir x   # runs", "serve binlogd --state-dir x"),
                ("binlogd --version", "binlogd --version"),
                ("binlogd token", "binlogd token"),
                ("binlogctl top", "until_it_shows binlogctl top"),
                ("binlogctl tap orders", "until_it_shows binlogctl tap orders"),
                ("binlogctl tap orders --count 3", "binlogctl tap orders --count 3"),
                ("binlogctl tap orders --until time:-5m", "binlogctl tap orders --until time:-5m"),
                ("binlogctl status --watch", "until_it_shows binlogctl status --watch"),
                ("binlogctl logs orders --follow", "until_it_shows binlogctl logs orders --follow"),
                ("binlogctl logs orders", "binlogctl logs orders")):
            self.assertEqual(page.script_line(line).rstrip(), made)

    def test_a_console_is_cut_into_commands(self):
        steps = self.steps("```console\n$ one \\\n> two\nout\n$ three\n```\n")
        self.assertEqual([(step.script, step.expected) for step in steps], [("one \\\ntwo\n", ["out"]), ("three\n", [])])

    def test_what_a_command_should_print(self):
        for expected, output, good in (
                (["a"], "a\n", True),
                (["a"], "b\n", False),
                (["a"], "a\nb\n", False),
                (["a.c"], "abc\n", False),
                (["a  b"], "a\tb\n", True),
                (["x … z"], "x y z\n", True),
                (["x … z"], "x y\n", False),
                (["…"], "", True),
                (["…", "b"], "a\na\nb\n", True),
                (["…", "b"], "a\n", False)):
            self.assertEqual(bool(page.pattern(expected).fullmatch(output)), good, (expected, output))


if __name__ == "__main__":
    unittest.main()
