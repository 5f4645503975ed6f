"""The conformance suite of the Jupyter project (jupyter_kernel_test), with everything that it can test."""
import unittest

import jupyter_kernel_test


class Conformance(jupyter_kernel_test.KernelTests):
    kernel_name = "kd"
    language_name = "kd"
    file_extension = ".kds"
    code_hello_world = 'print("hello, world")'
    code_stderr = 'warn("careful")'
    completion_samples = [
        {"text": "softma", "matches": {"softmax", "softmax_cross_entropy"}},
        {"text": "x = cross_ent", "matches": {"cross_entropy", "cross_entropy_loss"}},
    ]
    complete_code_samples = ["1 + 1", "fn f(x) { x }", "%time 1 + 1", "?softmax", "x = [1,\n2]"]
    incomplete_code_samples = ["fn f(x) {", "x = [1,", 's = """abc', "if true {\n  1"]
    invalid_code_samples = ["x = 1)", "f(a b", "def f(x):"]
    code_page_something = "?softmax"
    code_generate_error = 'fail("no")'
    code_execute_result = [
        {"code": "6 * 7", "result": "42"},
        {"code": "tensor([1, 2])", "result": "[1 2]\ni64 [2]"},
        {"code": "6 * 7", "result": "42"},
        {"code": '"a" + "b"', "result": '"ab"'},
    ]
    code_display_data = [
        {"code": "show(line([1, 2]))", "mime": "image/svg+xml"},
        {"code": 'show(html("<b>x</b>"))', "mime": "text/html"},
        {"code": 'show(markdown("*x*"))', "mime": "text/markdown"},
        {"code": 'show(table(["a"], [[1]]))', "mime": "text/html"},
    ]
    supported_history_operations = ("tail", "range", "search")
    code_history_pattern = "6*"
    code_inspect_sample = "softmax"
    code_clear_output = "clear_output()"


class Welcome(jupyter_kernel_test.IopubWelcomeTests):
    kernel_name = "kd"
    support_iopub_welcome = True


if __name__ == "__main__":
    unittest.main(verbosity=1)
