"""The house of STYLE section 1: who may import whom, parse, print and write, and how big things are."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

SOURCE = Path(__file__).parent.parent / "src" / "httpx_fixer"
TESTS = Path(__file__).parent

GROUND = (
    *("report", "diagnostic", "fix", "source", "owners", "settings", "outcome", "git", "toml_table"),
    *("rule_page", "interpreter", "newer_python", "records", "respelling"),
)
FLOORS: dict[str, tuple[str, ...]] = {
    # The command line.
    "__main__": ("cli",),
    "cli": ("options", "outcome", "review_options", "toml_table"),
    "choosing": ("catalogue", "commands", "pipeline", "reporters", "rewrite", *GROUND),
    "migrating": (
        *("choosing", "commands", "options", "pipeline", "reporters", "review_options", "rewrite.journal"),
        *("trials", "verify_command", "writing", *GROUND),
    ),
    "trials": ("pipeline", "reporters.counts", "rewrite.journal", "rewrite.plan", "verify_command", *GROUND),
    "verify_command": (),
    "branch": ("git", "report"),
    "proposing": (
        *("branch", "catalogue", "commands", "reporters", "review_options", "rewrite.write", "splitting"),
        *("writing", *GROUND),
    ),
    "paging": ("commands", "reporters", "review_options", "rewrite.diff", *GROUND),
    "planning": ("commands", "reporters", "review_options", *GROUND),
    "splitting": ("commands", "pipeline", "reporters", "review_options", "rewrite", *GROUND),
    "review_options": ("options",),
    "commands": (*("catalogue", "config", "options", "pipeline", "reporters", "writing", *GROUND),),
    "writing": ("reporters", "rewrite.journal", "rewrite.write", *GROUND),
    "checking": ("baseline", "commands", "narrowing", "options", "pipeline", "reporters", *GROUND),
    "founding": ("commands", "config", "options", "reporters", "rewrite.write", *GROUND),
    "narrowing": ("baseline", "changed_lines", "config", "options", *GROUND),
    "silencing": ("reporters.counts", "rewrite.ignores", "rewrite.write", *GROUND),
    "baseline": ("diagnostic", "toml_table"),
    "changed_lines": ("git", "source"),
    "catalogue": ("diagnostic", "rules._registry", "rules._base", "rule_page", "toml_table"),
    "options": ("config", "settings", "source", "toml_table"),
    "config": ("settings", "source", "toml_table"),
    # The hall between the wings, and its reading half.
    "pipeline": ("reading", "rules", "frameworks", "analysis", "rewrite", *GROUND),
    "reading": ("rules", "frameworks", "analysis", "rewrite.plan", *GROUND),
    "reporters": ("reporters", *GROUND),
    # The reading wing.
    "rules": (
        "rules",
        "frameworks._base",
        "analysis.project",
        "analysis.facts",
        "analysis.site_facts",
        "analysis.stream_facts",
        "analysis.suppression_facts",
        *GROUND,
    ),
    "frameworks": (
        "frameworks",
        "analysis.definitions",
        "analysis.project",
        "analysis.facts",
        "analysis.site_facts",
        *GROUND,
    ),
    "analysis": ("analysis", *GROUND),
    # The writing wing.
    "rewrite": ("rewrite", *GROUND),
    # The ground, downward.
    "report": ("diagnostic", "fix", "owners", "source"),
    "diagnostic": ("fix", "source"),
    "fix": ("owners", "source"),
    "owners": (),
    "source": (),
    "settings": (),
    "outcome": (),
    "git": (),
    "newer_python": (),
    "rule_page": (),
    "interpreter": (),
    "records": ("git",),
    "respelling": ("respelt",),
    "respelt": (),
    "toml_table": ("settings",),
    "patterns": (),
    "values": (),
    "__init__": (),
}
"""`{module or package: what of our own its modules may import}`, below `httpx_fixer`, besides `FOR_ALL`."""
FOR_ALL = ("patterns", "values")

LAZY = {
    ("__main__", "cli"): "no garbage is collected while it is loaded",
    ("cli", "commands"): "`--help` and `--version` start without them",
    ("cli", "checking"): "as above",
    ("cli", "founding"): "as above",
    ("cli", "catalogue"): "as above",
    ("cli", "migrating"): "as above",
    ("cli", "paging"): "as above",
    ("cli", "proposing"): "as above",
    ("cli", "planning"): "as above",
    ("cli", "splitting"): "as above",
    ("commands", "catalogue"): "rules are loaded only where a setting names one",
    ("commands", "writing"): "the parts that write take 15 ms, and `check` does without",
    ("commands", "rewrite.diff"): "libcst takes 0.3 s, and `check` does without",
    ("checking", "silencing"): "as above",
    ("pipeline", "rewrite.settle"): "as above",
    ("pipeline", "rewrite.replacements"): "as above",
    ("analysis.parsing", "respelling"): "libcst is loaded only for what the running Python does not parse",
    ("pipeline", "reading"): "rules and frameworks are loaded only where a file of the project imports httpx",
}
"""The only imports of our own that stand in functions, and why: {(importer, imported): why}."""

PARSERS = {
    *("analysis.parsing", "rewrite.apply", "rewrite.parsing", "rewrite.snippets"),
    *("respelling", "respelt"),
}
"""Who may parse: the user's files once a wing, code to be inserted, and the result; newer syntax."""
PARSING_CALLS = {
    "ast.parse",
    "compile",
    "cst.parse_expression",
    "cst.parse_module",
    "cst.parse_statement",
    "libcst.parse_expression",
    "libcst.parse_module",
    "libcst.parse_statement",
    "symtable.symtable",
}
VAGUE = {"common", "helper", "helpers", "misc", "shared", "util", "utils"}
MAX_MODULE = 300
MAX_FUNCTION = 60
MAX_PARAMETERS = 5


def _name(path: Path) -> str:
    """Return the name of a module below `httpx_fixer`; that of a package for its `__init__`."""
    inside = path.relative_to(SOURCE).with_suffix("").as_posix().replace("/", ".")
    return inside.removesuffix(".__init__")


MODULES = {_name(path): path for path in sorted(SOURCE.rglob("*.py"))}
each_module = pytest.mark.parametrize("name", MODULES)


@cache
def _tree(name: str) -> ast.Module:
    return ast.parse(MODULES[name].read_text("utf-8"))


def _floor(name: str) -> str:
    return name.split(".", maxsplit=1)[0]


def _imported(node: ast.AST) -> Iterator[str]:
    """Yield the modules below `httpx_fixer` that a node imports, "" for the package itself."""
    names: list[str] = []
    if isinstance(node, ast.Import):
        names = [alias.name for alias in node.names]
    elif isinstance(node, ast.ImportFrom):
        assert not node.level, "relative imports hide where a module stands"
        for alias in node.names:
            whole = f"{node.module}.{alias.name}"
            names.append(whole if whole.removeprefix("httpx_fixer.") in MODULES else node.module or "")
    for name in names:
        if name == "httpx_fixer" or name.startswith("httpx_fixer."):
            yield name.removeprefix("httpx_fixer").removeprefix(".")


def _imports(name: str, *, lazy: bool) -> set[str]:
    """Return what a module imports of our own: at its top level, or anywhere else."""
    tree = _tree(name)
    nodes = (node for node in ast.walk(tree) if (node in tree.body) is not lazy)
    return {imported for node in nodes for imported in _imported(node)}


def _is_allowed(imported: str, allowed: tuple[str, ...]) -> bool:
    return any(imported == one or imported.startswith(f"{one}.") for one in allowed)


def test_every_floor_is_there() -> None:
    assert {_floor(name) for name in MODULES} == set(FLOORS)


@each_module
def test_module_imports_downward_only(name: str) -> None:
    allowed = (*FLOORS[_floor(name)], *FOR_ALL)
    assert {one for one in _imports(name, lazy=False) if not _is_allowed(one, allowed)} == set()


def test_only_the_named_imports_stand_in_functions() -> None:
    found = {(name, imported) for name in MODULES for imported in _imports(name, lazy=True)}
    assert found == set(LAZY)


@each_module
def test_no_import_is_hidden(name: str) -> None:
    """Not under `TYPE_CHECKING`, not by `__import__`; `import_module` only where folders are walked.

    `values` shows the standard library's `dataclass` to type checkers, and none of our modules.
    """
    tree = _tree(name)
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    used |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert not used & {"TYPE_CHECKING", "__import__"} or name == "values"
    assert "import_module" not in used or name.endswith("._registry")


def test_there_is_no_circle() -> None:
    graph = {name: _imports(name, lazy=False) | _imports(name, lazy=True) for name in MODULES}
    done: set[str] = set()
    while len(done) < len(graph):
        free = {name for name, needed in graph.items() if name not in done and needed & graph.keys() <= done}
        assert free, f"a circle among {sorted(graph.keys() - done)}"
        done |= free


def test_rules_do_not_know_one_another() -> None:
    """Nor do frameworks: what they share stands in modules with an underscore."""
    for floor in ("rules", "frameworks"):
        for name in MODULES:
            if _floor(name) == floor:
                public = {
                    imported
                    for imported in _imports(name, lazy=False)
                    if _floor(imported) == floor and "." in imported
                    if not imported.rpartition(".")[2].startswith("_")
                }
                assert not public, name


def test_frameworks_know_no_rule() -> None:
    for name, path in MODULES.items():
        if _floor(name) in {"frameworks", "analysis", "rewrite"}:
            assert "HXF" not in path.read_text("utf-8"), name


@each_module
def test_init_defines_nothing(name: str) -> None:
    if MODULES[name].name == "__init__.py":
        kinds = ast.Import | ast.ImportFrom | ast.Expr | ast.Assign
        assert all(isinstance(statement, kinds) for statement in _tree(name).body)


@each_module
def test_module_is_named_after_its_subject(name: str) -> None:
    assert name.rpartition(".")[2].strip("_") not in VAGUE


@each_module
def test_module_is_short(name: str) -> None:
    assert len(MODULES[name].read_text("utf-8").splitlines()) <= MAX_MODULE


@each_module
def test_functions_are_short(name: str) -> None:
    functions = [n for n in ast.walk(_tree(name)) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
    long = {f.name for f in functions if (f.end_lineno or 0) - f.lineno + 1 > MAX_FUNCTION}
    assert long == set()


@each_module
def test_imports_of_tests_stay_out(name: str) -> None:
    roots = {path.stem for path in TESTS.glob("*.py")} | {"tests", "pytest", "hypothesis"}
    nodes = [node for node in ast.walk(_tree(name)) if isinstance(node, ast.Import | ast.ImportFrom)]
    packages = {
        alias.name.split(".")[0] for node in nodes for alias in node.names if isinstance(node, ast.Import)
    }
    packages |= {(node.module or "").split(".")[0] for node in nodes if isinstance(node, ast.ImportFrom)}
    assert not packages & roots


@each_module
def test_only_the_command_line_prints(name: str) -> None:
    if name != "cli" and _floor(name) != "reporters":
        written = {
            ast.unparse(node.func)
            for node in ast.walk(_tree(name))
            if isinstance(node, ast.Call) and _is_printing(ast.unparse(node.func))
        }
        assert written == set()


def _is_printing(function: str) -> bool:
    is_stream = function.startswith(("sys.stdout.", "sys.stderr."))
    return function in {"print", "typer.echo", "click.echo"} or (is_stream and "write" in function)


@pytest.mark.parametrize("name", sorted(MODULES.keys() - PARSERS))
def test_only_parsers_parse(name: str) -> None:
    calls = {ast.unparse(node.func) for node in ast.walk(_tree(name)) if isinstance(node, ast.Call)}
    assert calls & PARSING_CALLS == set()


@each_module
def test_only_write_writes(name: str) -> None:
    if name != "rewrite.write":
        calls = {
            node.func.attr
            for node in ast.walk(_tree(name))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        }
        assert calls & {"write_text", "write_bytes", "unlink", "rename", "replace_with", "mkdir"} == set()


@each_module
def test_expensive_parts_of_libcst_stay_out(name: str) -> None:
    """They cost more than all the rest together (DESIGN section 8)."""
    text = MODULES[name].read_text("utf-8")
    assert not any(part in text for part in ("libcst.matchers", "libcst.codemod", "QualifiedNameProvider"))
    if _floor(name) not in {"rewrite", "respelling"}:
        assert "libcst as" not in text


@each_module
def test_annotations_are_postponed(name: str) -> None:
    """Every module with code begins with the future import, after its docstring."""
    body = [node for node in _tree(name).body if not isinstance(node, ast.Expr)]
    if body and MODULES[name].name != "__init__.py":
        assert isinstance(body[0], ast.ImportFrom)
        assert body[0].module == "__future__"


@pytest.mark.parametrize("floor", ["rules", "frameworks"])
def test_folder_is_walked(floor: str) -> None:
    """One public class a public module, and none is named in a list."""
    for name in MODULES:
        if name.startswith(f"{floor}.") and not name.rpartition(".")[2].startswith("_"):
            classes = [node.name for node in _tree(name).body if isinstance(node, ast.ClassDef)]
            public = [one for one in classes if not one.startswith("_")]
            assert len(public) == 1, name
