"""Small wrong changes of a source file, one at a time: the operators that benchmarks/mutants.py applies."""

import ast
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass

COMPARISONS = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "==", "is": "is not", "is not": "is"}
COMPARISONS |= {"in": "not in", "not in": "in"}
ARITHMETIC = {"+": "-", "-": "+", "*": "+", "/": "*", "//": "*", "%": "*", "**": "*", "@": "+", "<<": ">>", ">>": "<<"}
ARITHMETIC |= {"&": "|", "|": "&", "^": "&"}
LOGIC = {"and": "or", "or": "and", "&&": "||", "||": "&&"}
NAMES = {"min": "max", "max": "min", "any": "all", "all": "any", "floor": "ceil", "ceil": "floor"}

C_COMMENT, C_STRING = r"/\*.*?\*/|//[^\n]*", r'"(?:\\.|[^"\\])*"|' + r"'(?:\\.|[^'\\])*'"
C_DIRECTIVE = r"^[ \t]*#(?:[^\n\\]|\\.|\\\n)*"
C_NOISE = re.compile(f"{C_COMMENT}|{C_STRING}|{C_DIRECTIVE}", re.DOTALL | re.MULTILINE)
# clang-format puts spaces around operators of two operands and none after those of one.
C_OPERATOR = re.compile(r"(?<= )(<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%<>&|^])(?= )")
C_ASSIGNMENT = re.compile(r"(?<= )(\+|-|<<|>>|&|\|)=(?= )")
C_STEP = re.compile(r"\+\+|--")
C_NUMBER = re.compile(r"(?<![\w.])(0x[0-9a-fA-F]+|\d+)(?=[uUlL]*\b)(?![\w.]*\.)")
C_NOT = re.compile(r"!(?=[\w(])")
C_RETURN = re.compile(r"\breturn ([^;{}]+);")
C_JUMP = re.compile(r"\b(break|continue);")


@dataclass(frozen=True)
class Mutation:
    """Replace the characters [begin, end) of a file by `new`; kind: of which sort the change is."""

    begin: int
    end: int
    new: str
    kind: str

    def applied(self, source: str) -> str:
        """Return the changed source."""
        return source[: self.begin] + self.new + source[self.end :]

    def shown(self, source: str) -> tuple[int, str, str]:
        """Return the line's number from one, the line as it was, and as it is now."""
        start = source.rfind("\n", 0, self.begin) + 1
        stop = source.find("\n", self.end)
        line = source[start : stop if stop >= 0 else len(source)]
        after = line[: self.begin - start] + self.new + line[self.end - start :]
        return source.count("\n", 0, self.begin) + 1, " ".join(line.split()), " ".join(after.split())


def python_mutations(source: str) -> list[Mutation]:
    """Return all changes of a Python file: of comparisons, arithmetic, logic, numbers, truths, returns.

    Left alone are annotations, decorators, docstrings, what is raised, and `strict=` of zip: those change
    no result of a right program.
    """
    return sorted(_Python(source).found(), key=lambda m: (m.begin, m.end, m.new))


def c_mutations(source: str) -> list[Mutation]:
    """Return all changes of a C file; comments, strings and the preprocessor's lines are left alone."""
    code = C_NOISE.sub(lambda m: re.sub(r"[^\n]", "\0", m[0]), source)
    return sorted(set(_in_c(code)), key=lambda m: (m.begin, m.end, m.new))


def _in_c(code: str) -> Iterator[Mutation]:
    for found in C_OPERATOR.finditer(code):
        for kind, table in (("comparison", COMPARISONS), ("arithmetic", ARITHMETIC), ("logic", LOGIC)):
            if found[1] in table:
                yield Mutation(*found.span(1), table[found[1]], kind)
    for found in C_ASSIGNMENT.finditer(code):
        yield Mutation(*found.span(1), ARITHMETIC[found[1]], "arithmetic")
    for found in C_STEP.finditer(code):
        yield Mutation(*found.span(), {"++": "--", "--": "++"}[found[0]], "arithmetic")
    for found in C_NUMBER.finditer(code):
        value = int(found[1], 0)
        for other in (value + 1, value - 1):
            if other >= 0:
                yield Mutation(*found.span(1), str(other), "number")
    for found in C_NOT.finditer(code):
        yield Mutation(*found.span(), "", "logic")
    for found in C_RETURN.finditer(code):
        yield Mutation(*found.span(1), "0", "return")
    for found in C_JUMP.finditer(code):
        yield Mutation(*found.span(1), {"break": "continue", "continue": "break"}[found[1]], "jump")


class _Python:
    """Walks a tree and finds in the text what can be changed."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.starts = [0]
        for line in source.splitlines(keepends=True):
            self.starts.append(self.starts[-1] + len(line))
        if not source.isascii():
            raise ValueError("the columns of a tree are bytes; this tool takes them for characters")

    def found(self) -> Iterator[Mutation]:
        yield from self._visit(ast.parse(self.source))

    def _at(self, line: int, column: int) -> int:
        return self.starts[line - 1] + column

    def _span(self, node: ast.expr) -> tuple[int, int]:
        assert node.end_lineno is not None and node.end_col_offset is not None  # noqa: S101 - every parsed node has both
        return self._at(node.lineno, node.col_offset), self._at(node.end_lineno, node.end_col_offset)

    def _visit(self, node: ast.AST) -> Iterator[Mutation]:
        if isinstance(node, ast.Raise | ast.JoinedStr | ast.arg | ast.Import | ast.ImportFrom):
            return
        if isinstance(node, ast.keyword) and node.arg == "strict":
            return
        yield from self._of(node)
        for name, value in ast.iter_fields(node):
            if name in ("annotation", "returns", "decorator_list", "type_params"):
                continue
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    yield from self._visit(child)

    def _of(self, node: ast.AST) -> Iterator[Mutation]:
        match node:
            case ast.Compare(left=left, comparators=others):
                for before, after in zip([left, *others], others, strict=False):
                    yield from self._between(before, after, COMPARISONS, "comparison")
            case ast.BinOp(left=left, right=right):
                yield from self._between(left, right, ARITHMETIC, "arithmetic")
            case ast.AugAssign(target=target, value=value):
                yield from self._between(target, value, {f"{k}=": f"{v}=" for k, v in ARITHMETIC.items()}, "arithmetic")
            case ast.BoolOp(values=values):
                for before, after in itertools.pairwise(values):
                    yield from self._between(before, after, LOGIC, "logic")
            case ast.UnaryOp(op=ast.Not()):
                begin = self._span(node)[0]
                yield Mutation(begin, begin + len("not "), "", "logic")
            case ast.Constant(value=bool() as value):
                yield Mutation(*self._span(node), str(not value), "number")
            case ast.Constant(value=int() | float() as value):
                yield from (Mutation(*self._span(node), repr(value + d), "number") for d in (1, -1))
            case ast.Call(func=ast.Name(id=name) as called) if name in NAMES:
                yield Mutation(*self._span(called), NAMES[name], "logic")
            case ast.Return(value=ast.expr() as value) if not (isinstance(value, ast.Constant) and value.value is None):
                yield Mutation(*self._span(value), "None", "return")

    def _between(self, before: ast.expr, after: ast.expr, table: dict[str, str], kind: str) -> Iterator[Mutation]:
        begin, end = self._span(before)[1], self._span(after)[0]
        operator = self.source[begin:end].strip(" ()\n\\")
        if operator in table:
            at = self.source.index(operator, begin)
            yield Mutation(at, at + len(operator), table[operator], kind)
