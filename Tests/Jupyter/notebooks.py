"""Scripts as notebooks and back, against jupytext, with nbformat as judge of the files."""
import glob
import json
import os
import subprocess
import tempfile
import unittest

import jupytext
import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_raw_cell

KD = os.environ["KD_BINARY"]
KERNEL = "# ---\n# jupyter:\n#   kernelspec:\n#     display_name: kd\n#     language: kd\n#     name: kd\n# ---\n\n"

HOSTILE = {
    "markers in strings": '# %%\nx = """\n# %% not a cell\n"""\ny = "# %% neither"\n# %% [markdown]\n# prose\n',
    "empty cells": "# %%\n\n# %%\n\n# %% [markdown]\n\n# %%\nx = 1\n",
    "metadata": '# %% Load data tags=["setup", "x"] n=3 f=1.5 b=true z=null o={"a": [1, 2]} s="a b"\nx = 1\n\n'
    '# %% [markdown] tags=["a"]\n# hi\n',
    "json metadata": '# %% {"tags": ["a"], "n": 1}\nx = 1\n',
    "titles and kinds": '# %% A title [markdown]\n# text\n\n# %% [raw] key="v"\n# raw\n',
    "CRLF": "# %%\r\nx = 1\r\n\r\n# %% [markdown]\r\n# a\r\n#\r\n# b\r\n",
    "no final newline": "# %%\nx = 1\n# %% [markdown]\n# last",
    "blank lines": "# %%\nx = 1\n\n\n\n# %%\ny = 2\n# %%\nz = 3\n",
    "prose with blank lines": "# %% [markdown]\n# a\n\n\n\n# %%\nx = 1\n",
    "no marker": "x = 1\n\ny = 2\n",
    "a first cell without a marker": "x = 1\n\n# %%\ny = 2\n",
    "shebang": "#!/usr/bin/env kd\n# %%\nx = 1\n",
    "a command like a marker": "# %%time\nx = 1\n# %%\n%time f(x)\n",
    "only comments": "# just a comment\n# and another\n",
    "indented": "# %%\nfn f() {\n  # %% inner\n  1\n}\n",
    "deeper": "# %%% deeper\nx = 1\n# %%%% [markdown] deepest\n# a\n",
    "empty": "",
    "prose without its prefix": "# %% [markdown]\n# a\nb\n# c\n",
    "a marker in a fence": "# %% [markdown]\n# ```\n# # %% x\n# ```\n# after\n\n# %%\nx = 1\n",
    "letters": '# %% Größe [markdown] tags=["ü"]\n# ✓ naïve 😀\n\n# %%\ns = "é😀"\n',
    "header": KERNEL + "# %%\nx = 1\n",
    "header with a title": "# ---\n# title: A title\n# author: me\n" + KERNEL[6:] + "# %%\nx = 1\n",
    "tabs": "#\t%%\tx\nx = 1\n",
    "no space": "#%%\nx = 1\n#%% y\nz\n",
    "values of Python": "# %% a=True b=None c='x y' d=[1,2]\nx = 1\n",
}


def kd(*words):
    return subprocess.run([KD, *words], capture_output=True, text=True)


def cells(notebook):
    return [
        (c.cell_type, c.source, json.dumps({k: v for k, v in c.metadata.items() if k != "lines_to_next_cell"}, sort_keys=True))
        for c in notebook.cells
    ]


class Notebooks(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()

    def tearDown(self):
        self.folder.cleanup()

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def write(self, name, text):
        with open(self.path(name), "w", newline="") as file:
            file.write(text)
        return self.path(name)

    def convert(self, source, target):
        done = kd("convert", source, self.path(target))
        self.assertEqual(done.returncode, 0, done.stderr)
        return self.path(target)

    def notebook(self, path):
        notebook = nbformat.read(path, 4)
        nbformat.validate(notebook)
        return notebook

    def check_script(self, text):
        mine = self.notebook(self.convert(self.write("a.kds", text), "a.ipynb"))
        with_kernel = text
        if "# ---" not in text[:80]:
            end = text.index("\n") + 1 if text.startswith("#!") else 0
            with_kernel = text[:end] + KERNEL + text[end:]
        theirs = jupytext.reads(with_kernel.replace("\r\n", "\n"), fmt="py:percent")
        self.assertEqual(cells(mine), cells(theirs))
        # To a script and back there is nothing lost, and the second script is the first.
        script = self.convert(self.path("a.ipynb"), "b.kds")
        self.convert(script, "b.ipynb")
        self.assertEqual(open(self.path("a.ipynb")).read(), open(self.path("b.ipynb")).read())
        again = self.convert(self.path("b.ipynb"), "c.kds")
        self.assertEqual(open(script).read(), open(again).read())

    def test_hostile_scripts(self):
        for name, text in HOSTILE.items():
            with self.subTest(name):
                self.tearDown()
                self.setUp()
                self.check_script(text)

    def test_tutorials(self):
        found = sorted(glob.glob("tutorials/*.kds"))
        self.assertGreater(len(found), 5)
        for path in found:
            with self.subTest(path):
                self.tearDown()
                self.setUp()
                text = open(path).read()
                self.check_script(text)
                self.assertEqual(open(self.path("b.kds")).read(), text)

    def test_hostile_notebook(self):
        made = new_notebook(
            cells=[
                new_code_cell("# %% x\ny = 1"), new_code_cell("# # %% x"), new_code_cell("#%%"),
                new_markdown_cell("%% a\n#%% b\n# %% c\n##%% d"), new_code_cell(""), new_code_cell("x\n\n"),
                new_code_cell('s = """\n# %% in\n"""'), new_markdown_cell(""), new_markdown_cell("a\n\nb\n"),
                new_raw_cell("raw\n# %%"),
                new_code_cell("x", metadata={
                    "tags": ["a b", "c"], "name": 'it\'s "q"', "title": "a=b [markdown] c",
                    "k": {"a": [1, 2.5, None, True], "é": "\\n\n"}}),
                new_code_cell("y", metadata={"title": "plain title"}),
                new_markdown_cell("  indented\n\ttab\n#\n# "), new_code_cell("   "), new_code_cell("%time x\n?y\n!ls"),
            ],
            metadata={"kernelspec": {"name": "kd", "display_name": "kd", "language": "kd"},
                      "authors": [{"name": "É: x"}], "yes": "yes", "num": "1.0", "n": 3, "deep": {"a": {"b": []}}},
        )
        nbformat.validate(made)
        nbformat.write(made, self.path("a.ipynb"))
        self.convert(self.path("a.ipynb"), "a.kds")
        back = self.notebook(self.convert(self.path("a.kds"), "b.ipynb"))
        self.assertEqual(cells(back), cells(made))
        self.assertEqual({k: v for k, v in back.metadata.items() if k != "language_info"}, made.metadata)

    def test_ids_and_outputs_stay(self):
        self.write("a.kds", "# %%\n1 + 1\n\n# %%\n2 + 2\n")
        self.assertEqual(kd("render", self.path("a.kds"), "--to", "ipynb").returncode, 0)
        before = self.notebook(self.path("a.ipynb"))
        self.assertEqual(before.cells[0].outputs[0].data["text/plain"], "2")
        self.write("a.kds", "# %%\n0\n\n# %%\n1 + 1\n\n# %%\n2 + 3\n")
        self.assertEqual(kd("convert", self.path("a.kds"), self.path("a.ipynb"), "--keep-outputs").returncode, 0)
        after = self.notebook(self.path("a.ipynb"))
        self.assertEqual(after.cells[1].id, before.cells[0].id)
        self.assertEqual(after.cells[1].outputs, before.cells[0].outputs)
        self.assertEqual(after.cells[2].outputs, [])
        self.assertEqual(len({c.id for c in after.cells}), 3)

    def test_rendered_notebooks_are_valid(self):
        self.write("a.kds", '# ---\n# title: T\n# ---\n\n# %%\nprint("a")\nline([1, 2])\nwarn("w")\nprogress("p")\n\n# %% tags=["raises-exception"]\nfail("no")\n')
        for _ in range(2):
            self.assertEqual(kd("render", self.path("a.kds"), "--to", "ipynb").returncode, 0)
        notebook = self.notebook(self.path("a.ipynb"))
        self.assertEqual(notebook.cells[2].outputs[0].output_type, "error")
        self.assertIn("image/svg+xml", str(notebook.cells[1].outputs))

    def test_what_is_no_notebook(self):
        for content in ("", "{}", "[1]", '{"nbformat": 3, "worksheets": []}', '{"nbformat": 4}',
                        '{"nbformat": 4, "cells": [{}]}', '{"nbformat": 4, "cells": [{"cell_type": "code"}]}', '{"cells": 1',
                        '{"nbformat": 4, "cells": {"a": 1}}'):
            with self.subTest(content):
                done = kd("convert", self.write("a.ipynb", content), self.path("a.kds"))
                self.assertEqual(done.returncode, 1)
                self.assertIn("a.ipynb", done.stderr)
                self.assertFalse(os.path.exists(self.path("a.kds")))
        self.assertEqual(kd("convert", self.path("none.kds"), self.path("b.ipynb")).returncode, 1)
        self.assertEqual(kd("convert", self.path("a.txt"), self.path("b.ipynb")).returncode, 1)


if __name__ == "__main__":
    unittest.main(verbosity=1)
