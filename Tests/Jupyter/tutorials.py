"""Every tutorial in the kernel by nbclient; its text is that of `kd FILE`, of `kd render` and of the prompt."""
import fcntl
import glob
import os
import pty
import re
import struct
import subprocess
import tempfile
import termios
import unittest

import nbclient
import nbformat

KD = os.environ["KD_BINARY"]


def steady(text):
    """Measured times differ from run to run: numbers before ms, µs, s and × become one sign, and blanks one blank."""
    text = re.sub(r"[0-9][0-9.,]*(?= ?(ms|µs|s|×)\b)", "#", text)
    return "\n".join(re.sub(r"\s+", " ", line).strip() for line in text.splitlines() if line.strip())


def shown(notebook):
    """What a person reads: results and what was printed, without messages and progress."""
    parts = []
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.output_type == "stream" and output.name == "stdout":
                parts.append(output.text)
            elif output.output_type in ("execute_result", "display_data") and "kd" not in output.metadata:
                parts.append(output.data["text/plain"] + "\n")
    return steady("".join(parts))


def at_the_prompt(path):
    """What the prompt shows of a script, at a terminal of 80 columns."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    prompt = subprocess.Popen([KD, "--quiet", "--no-history", "--no-startup"], stdin=slave, stdout=slave, stderr=subprocess.DEVNULL,
                              env=os.environ | {"TERM": "dumb"})
    os.close(slave)
    os.write(master, f"%run {path}\nexit()\n".encode())
    seen = b""
    while True:
        try:
            part = os.read(master, 65536)
        except OSError:
            break
        if not part:
            break
        seen += part
    prompt.wait(timeout=900)
    lines = seen.decode().replace("\r\n", "\n").split("\n")
    # The commands are echoed, before the prompt or behind it.
    return "\n".join(re.sub(r"^(kd> )+", "", line) for line in lines
                     if not re.fullmatch(r"(kd> )*(%run .*|exit\(\))?", line))


class Tutorials(unittest.TestCase):
    maxDiff = 4000

    def check(self, path):
        plain = subprocess.run([KD, path], capture_output=True, text=True, timeout=900)
        self.assertEqual(plain.returncode, 0, plain.stderr[-2000:])
        with tempfile.TemporaryDirectory() as folder:
            made = os.path.join(folder, "a.ipynb")
            subprocess.run([KD, "convert", path, made], check=True)
            notebook = nbformat.read(made, 4)
            nbclient.NotebookClient(notebook, timeout=900, kernel_name="kd",
                                    resources={"metadata": {"path": os.path.dirname(path)}}).execute()
            done = subprocess.run([KD, "render", path, "--to", "ipynb", "-o", made], capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stderr[-2000:])
            rendered = nbformat.read(made, 4)
        self.assertEqual(shown(rendered), steady(plain.stdout))
        self.assertEqual(shown(notebook), steady(plain.stdout))
        self.assertEqual(steady(at_the_prompt(path)), steady(plain.stdout))


def add(path):
    def test(self):
        self.check(path)
    setattr(Tutorials, "test_" + os.path.basename(path)[:-4], test)


for tutorial in sorted(glob.glob("tutorials/*.kds")):
    add(tutorial)

if __name__ == "__main__":
    unittest.main(verbosity=1)
