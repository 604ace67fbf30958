"""Where a project begins, and what its configuration may say."""

from __future__ import annotations

from pathlib import Path

import pytest

from httpx_fixer.config import find_project, load_settings
from httpx_fixer.settings import (
    HTTPX_LIMITS,
    HTTPX_TIMEOUT,
    LimitsPolicy,
    Policy,
    Settings,
    TimeoutPolicy,
    Upstream,
)
from httpx_fixer.toml_table import RuleName, UsageError, suggest

RULES = (RuleName("HXF101", "client-per-request"), RuleName("HXF201", "implicit-timeout"))
OURS = "[tool.httpx-fixer]\n"


def _load(directory: Path, text: str, *, root: Path | None = None) -> Settings:
    file = directory / "pyproject.toml"
    directory.mkdir(parents=True, exist_ok=True)
    file.write_text(OURS + text)
    return load_settings(file, root or directory, RULES)


def _complaint(directory: Path, text: str) -> str:
    with pytest.raises(UsageError) as caught:
        _load(directory, text)
    assert str(directory / "pyproject.toml") in str(caught.value)
    assert "\n" not in str(caught.value)
    return str(caught.value).removeprefix(f"{directory / 'pyproject.toml'}: ")


def test_every_key_is_read(tmp_path: Path) -> None:
    text = """
        select = ["HXF1", "implicit-timeout"]
        ignore = ["HXF201"]
        include = ["app/**"]
        exclude = ["legacy"]
        unsafe-fixes = true
        include-tests = true
        max-file-size = 1000
        docs-url = "https://docs.example.com/httpx-fixer/"
        policy = "recommended"
        injection = "borrow"
        max-hops = 3
        timeout = { connect = 1, read = 2.5, write = 3, pool = 4 }
        limits = { max-connections = 5, max-keepalive-connections = 6, keepalive-expiry = 7 }
        per-file-ignores = { "app/x.py" = ["HXF101"], "tests/" = [] }
    """
    assert _load(tmp_path, text) == Settings(
        select=("HXF1", "implicit-timeout"),
        ignore=("HXF201",),
        include=("app/**",),
        exclude=("legacy",),
        unsafe_fixes=True,
        include_tests=True,
        max_file_size=1000,
        injection="borrow",
        max_hops=3,
        policy=Policy("recommended", TimeoutPolicy(1.0, 2.5, 3.0, 4.0), LimitsPolicy(5, 6, 7.0)),
        per_file_ignores=(("app/x.py", ("HXF101",)), ("tests/", ())),
        docs_url="https://docs.example.com/httpx-fixer",
    )


def test_upstreams_take_what_they_leave_out_from_the_policy(tmp_path: Path) -> None:
    text = """
        limits = { max-connections = 5 }

        [tool.httpx-fixer.upstreams.billing]
        urls = ["https://billing.example.com", "settings.billing_url"]
        timeout = { read = 60 }
        limits = { max-keepalive-connections = 3 }

        [tool.httpx-fixer.upstreams.stock]
        urls = ["STOCK_URL"]
    """
    billing, stock = _load(tmp_path, text).policy.upstreams
    assert billing == Upstream(
        "billing",
        ("https://billing.example.com", "settings.billing_url"),
        TimeoutPolicy(5.0, 60.0, 10.0, 5.0),
        LimitsPolicy(5, 3, 30.0),
    )
    assert stock == Upstream("stock", ("STOCK_URL",))


def test_upstreams_stand_beside_preserve(tmp_path: Path) -> None:
    policy = _load(
        tmp_path, 'policy = "preserve"\nupstreams.a = { urls = ["A_URL"], timeout = { read = 1 } }\n'
    ).policy
    assert policy.upstreams[0].timeout == TimeoutPolicy(5.0, 1.0, 5.0, 5.0)
    assert policy.limits == HTTPX_LIMITS


def test_empty_table_is_the_default(tmp_path: Path) -> None:
    assert _load(tmp_path, "") == Settings()


def test_preserve_means_the_numbers_of_httpx(tmp_path: Path) -> None:
    policy = _load(tmp_path, 'policy = "preserve"').policy
    assert policy == Policy("preserve", HTTPX_TIMEOUT, HTTPX_LIMITS)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("selct = []", '[tool.httpx-fixer] has no key "selct"; did you mean "select"?'),
        ("unsafe_fixes = true", '[tool.httpx-fixer] has no key "unsafe_fixes"; did you mean "unsafe-fixes"?'),
        ("[tool.httpx-fixer.timeouts]", '[tool.httpx-fixer] has no key "timeouts"; did you mean "timeout"?'),
        (
            "limits.max_connections = 5",
            '[tool.httpx-fixer.limits] has no key "max_connections"; did you mean "max-connections"?',
        ),
        (
            "timeout.zzz = 5",
            '[tool.httpx-fixer.timeout] has no key "zzz"; there are connect, read, write, pool',
        ),
        ('select = "HXF101"', '[tool.httpx-fixer]: "select" is to be a list of strings, not "HXF101"'),
        ("exclude = [1]", '[tool.httpx-fixer]: "exclude" is to be a list of strings, not [1]'),
        ("unsafe-fixes = 1", '[tool.httpx-fixer]: "unsafe-fixes" is to be true or false, not 1'),
        (
            "max-file-size = true",
            '[tool.httpx-fixer]: "max-file-size" is to be a whole number above 0, not true',
        ),
        (
            'injection = "parameters"',
            '[tool.httpx-fixer]: "injection" is to be "auto", "parameter" or "borrow", not "parameters"',
        ),
        ("max_hops = 1", '[tool.httpx-fixer] has no key "max_hops"; did you mean "max-hops"?'),
        ("max-hops = 0", '[tool.httpx-fixer]: "max-hops" is to be a whole number above 0, not 0'),
        ('max-hops = "2"', '[tool.httpx-fixer]: "max-hops" is to be a whole number above 0, not "2"'),
        ("max-file-size = 0", '[tool.httpx-fixer]: "max-file-size" is to be a whole number above 0, not 0'),
        (
            'docs-url = "docs/"',
            '[tool.httpx-fixer]: "docs-url" is to be an address like '
            '"https://docs.example.com/httpx-fixer", not "docs/"',
        ),
        ("timeout = 5", '[tool.httpx-fixer]: "timeout" is to be a table, not 5'),
        ('timeout.read = "5"', '[tool.httpx-fixer.timeout]: "read" is to be a number above 0, not "5"'),
        ("timeout.read = -1", '[tool.httpx-fixer.timeout]: "read" is to be a number above 0, not -1'),
        ("timeout.read = nan", '[tool.httpx-fixer.timeout]: "read" is to be a number above 0, not nan'),
        ("timeout.read = inf", '[tool.httpx-fixer.timeout]: "read" is to be a number above 0, not inf'),
        ("timeout.read = true", '[tool.httpx-fixer.timeout]: "read" is to be a number above 0, not true'),
        (
            "limits.max-connections = 1.5",
            '[tool.httpx-fixer.limits]: "max-connections" is to be a whole number above 0, not 1.5',
        ),
        (
            'policy = "keep"',
            '[tool.httpx-fixer]: "policy" is to be "recommended" or "preserve", not "keep"',
        ),
        (
            'policy = "preserve"\ntimeout.read = 5',
            '[tool.httpx-fixer]: "timeout" has no effect next to policy = "preserve"',
        ),
        (
            'select = ["HXF102"]',
            '[tool.httpx-fixer]: "select": no rule is called "HXF102"; did you mean "HXF101"?',
        ),
        (
            'ignore = ["client-per-requst"]',
            '[tool.httpx-fixer]: "ignore": no rule is called "client-per-requst"; '
            'did you mean "client-per-request"?',
        ),
        (
            'select = [""]',
            '[tool.httpx-fixer]: "select": no rule is called ""; '
            "there are HXF101, client-per-request, HXF201, implicit-timeout",
        ),
        (
            'per-file-ignores = { "a.py" = "HXF101" }',
            '[tool.httpx-fixer.per-file-ignores]: "a.py" is to be a list of strings, not "HXF101"',
        ),
        (
            'per-file-ignores = { "a.py" = ["HXF102"] }',
            '[tool.httpx-fixer.per-file-ignores]: "a.py": no rule is called "HXF102"; did you mean "HXF101"?',
        ),
        (
            'upstreams.http = { urls = ["A"] }',
            '[tool.httpx-fixer.upstreams]: "http" is no name that clients can be called after: '
            "small letters, digits and _",
        ),
        (
            "upstreams.billing = {}",
            '[tool.httpx-fixer.upstreams.billing]: "urls" is to hold beginnings of URLs or names of settings',
        ),
    ],
)
def test_complaint_names_file_key_and_what_is_right(tmp_path: Path, text: str, complaint: str) -> None:
    assert _complaint(tmp_path, text) == complaint


@pytest.mark.parametrize(
    "text", ['exclude = ["!"]', 'include = ["[z-a]"]', 'per-file-ignores = { "!" = [] }']
)
def test_glob_that_is_none_is_told(tmp_path: Path, text: str) -> None:
    assert "is not a glob" in _complaint(tmp_path, text)


def test_file_that_is_no_toml(tmp_path: Path) -> None:
    assert _complaint(tmp_path, "select = [").startswith("not TOML: ")


def test_file_that_is_not_utf_8(tmp_path: Path) -> None:
    file = tmp_path / "pyproject.toml"
    file.write_bytes(OURS.encode() + b"# caf\xe9\n")
    with pytest.raises(UsageError, match="not TOML"):
        load_settings(file, tmp_path, RULES)


def test_table_that_is_no_table(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool]\nhttpx-fixer = 1\n")
    with pytest.raises(UsageError, match=r"\[tool.httpx-fixer\] is to be a table, not 1"):
        find_project([tmp_path])


def test_file_without_our_table_was_named(tmp_path: Path) -> None:
    (tmp_path / "other.toml").write_text("")
    with pytest.raises(UsageError, match="there is no table"):
        load_settings(tmp_path / "other.toml", tmp_path, RULES)


def test_file_that_does_not_exist_was_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        load_settings(tmp_path / "other.toml", tmp_path, RULES)


def test_globs_are_relative_to_their_file(tmp_path: Path) -> None:
    text = """
        exclude = ["legacy", "old/x.py", "/top.py", "out/", "!keep.py"]
        per-file-ignores = { "x.py" = ["HXF101"] }
    """
    settings = _load(tmp_path / "services/a", text, root=tmp_path)
    assert settings.exclude == (
        "services/a/**/legacy",
        "services/a/old/x.py",
        "services/a/top.py",
        "services/a/**/out/",
        "!services/a/**/keep.py",
    )
    assert settings.per_file_ignores == (("services/a/**/x.py", ("HXF101",)),)


@pytest.fixture
def monorepo(tmp_path: Path) -> Path:
    """A repository with two services, each with its own `pyproject.toml`."""
    for name in (".git", "a/app", "b"):
        (tmp_path / name).mkdir(parents=True)
    for name in ("a", "b"):
        (tmp_path / name / "pyproject.toml").touch()
    (tmp_path / "a/app/x.py").touch()
    return tmp_path


def test_root_is_the_nearest_project(monorepo: Path) -> None:
    project = find_project([monorepo / "a/app/x.py"])
    assert (project.root, project.config) == (monorepo / "a", None)


def test_root_of_a_package_without_a_project_is_above_it(tmp_path: Path) -> None:
    inner = tmp_path / "shop/orders"
    inner.mkdir(parents=True)
    for directory in (inner, inner.parent):
        (directory / "__init__.py").touch()
    assert find_project([inner]).root == tmp_path


def test_root_of_two_projects_is_above_both(monorepo: Path) -> None:
    assert find_project([monorepo / "a", monorepo / "b"]).root == monorepo


def test_root_is_where_the_configuration_is(monorepo: Path) -> None:
    (monorepo / "pyproject.toml").write_text(OURS)
    project = find_project([monorepo / "a/app"])
    assert (project.root, project.config) == (monorepo, monorepo / "pyproject.toml")


def test_configuration_is_that_of_the_first_path(monorepo: Path) -> None:
    for name in ("a", "b"):
        (monorepo / name / "pyproject.toml").write_text(OURS)
    project = find_project([monorepo / "b", monorepo / "a"])
    assert (project.root, project.config) == (monorepo, monorepo / "b/pyproject.toml")


def test_configuration_beyond_the_repository_is_not_ours(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(OURS)
    (tmp_path / "repo/.git").mkdir(parents=True)
    assert find_project([tmp_path / "repo"]).config is None


def test_broken_file_that_does_not_name_us_is_not_ours(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[")
    assert find_project([tmp_path]).config is None


def test_broken_file_is_not_looked_into_when_isolated(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(OURS + "[")
    assert find_project([tmp_path], with_config=False).config is None


def test_path_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nowhere: No such file or directory"):
        find_project([tmp_path, tmp_path / "nowhere"])


def test_paths_are_resolved_and_broken_links_stay(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "gone.py").symlink_to("nowhere")
    project = find_project([tmp_path / "link", tmp_path / "gone.py"])
    assert project.paths == (tmp_path / "real", tmp_path / "gone.py")


def test_suggestion_spells_the_known_word_as_it_is() -> None:
    assert suggest("hxf102", ["HXF101"]) == '; did you mean "HXF101"?'


@pytest.mark.parametrize(
    ("select", "ignore", "is_selected"),
    [
        ((), (), True),
        ((), ("HXF101",), False),
        ((), ("client-per-request",), False),
        (("HXF1",), (), True),
        (("HXF2",), (), False),
        (("HXF101",), ("HXF1",), True),
        (("HXF1",), ("HXF101",), False),
        (("HXF101",), ("client-per-request",), False),
        (("client-per-request",), ("HXF",), True),
    ],
)
def test_most_exact_word_decides(select: tuple[str, ...], ignore: tuple[str, ...], is_selected: bool) -> None:
    settings = Settings(select=select, ignore=ignore)
    assert settings.is_selected("HXF101", "client-per-request") is is_selected


@pytest.mark.parametrize("injection", ["auto", "parameter", "borrow"])
def test_every_way_to_hand_a_client_over_is_read(tmp_path: Path, injection: str) -> None:
    settings = _load(tmp_path, f'injection = "{injection}"')
    assert (settings.injection, settings.max_hops) == (injection, 2)
