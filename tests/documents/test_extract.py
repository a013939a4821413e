"""The code of a document is found wherever it stands, and nothing else is taken for code."""

from tools.documents.extract import extract, is_valid, key, repaired


def codes(text: str) -> list[str]:
    return [block.code for block in extract(text)]


def test_fences_marked_as_python_are_code() -> None:
    text = "# Title\n\n```python\nx = 1\n\ny = 2\n```\ntext\n```py\nz = 3\n```\n"
    assert codes(text) == ["x = 1\n\ny = 2\n", "z = 3\n"]


def test_other_fences_are_not_code() -> None:
    assert codes("```shell\nls\n```\n```\nx -> y\n```\n```python\nx\n```") == ["x\n"]


def test_fence_in_a_quotation_loses_the_quotation_marks() -> None:
    text = "> text\n>\n> ```python\n> if x:\n>     y()\n> \n> z\n> ```\nend\n"
    assert codes(text) == ["if x:\n    y()\n\nz\n"]


def test_fence_in_a_quoted_list_loses_the_indent_of_its_fence() -> None:
    assert codes(">   ```python\n>   if x:\n>       y()\n>   ```\n") == ["if x:\n    y()\n"]


def test_comparison_in_a_plain_fence_is_no_quotation() -> None:
    assert codes("```python\n>>> x\n> 3\n```\n") == [">>> x\n> 3\n"]


def test_line_is_that_of_the_first_line_of_code() -> None:
    assert [block.line for block in extract("a\n```python\nx\n```\nIn [1]:\ny\n")] == [3, 6]


def test_cell_ends_where_its_output_begins() -> None:
    outputs = [
        "10",
        "torch.Size([1, 10])",
        "tensor(28.3, grad_fn=<A>)",
        "[[1. 2.]\n [3. 4.]]",
        "conv1.weight : torch.Size([6])",
        "Net(\n  (fc): Linear(in_features=1)\n)",
        "只要定义了函数，就可以。",
    ]
    for output in outputs:
        assert codes(f"In [3]:\nx = f()\nx\n\n{output}\n\ntext\n") == ["x = f()\nx\n"]


def test_cell_goes_on_over_blank_lines_in_its_code() -> None:
    text = "In [9]:\nimport a\n\nclass B:\n    def f(self):\n        pass\n\n    def g(self):\n"
    text += "        pass\n\nb = B()\n\nIn [10]:\nb\n"
    first, second = codes(text)
    assert first.startswith("import a\n\nclass B")
    assert first.endswith("        pass\n\nb = B()\n")
    assert second == "b\n"


def test_fence_after_a_cell_is_its_own_block() -> None:
    assert codes("In [1]:\nx = 1\n\ntext, and more\n```python\ny = 2\n```\n") == [
        "x = 1\n",
        "y = 2\n",
    ]


def test_document_without_code_has_no_blocks() -> None:
    assert codes("# Title\n\ntext\n") == []


def test_syntax_errors_are_told_from_code() -> None:
    assert is_valid("x = 1\n")
    assert not is_valid("print(x\n")
    assert not is_valid("tensor(1.) next\n")


def test_repaired_program_closes_parentheses_and_leaves_outputs_out() -> None:
    blocks = extract("```py\nprint(x\n```\n```py\nresult: a b c\n```\n```py\ny = 1\n```\n")
    assert [block.code for block in repaired(blocks)][1:] == ["print(x)\n", "y = 1\n"]


def test_key_depends_on_code_alone() -> None:
    one, other = extract("```py\nx\n```\n"), extract("text\n\n```python\nx\n```\n")
    assert key(one) == key(other)
    assert key(one) != key(extract("```py\ny\n```\n"))
