"""What every template keeps to; pages join by being there."""

import re
from pathlib import Path

import pytest
from django.template import engines

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted(path for path in (ROOT / "templates").rglob("*") if path.suffix in {".html", ".txt"})
PAGES = [path for path in TEMPLATES if path.suffix == ".html" and "email" not in path.parts and not path.name.startswith("mail_")]
# Found by name by Django and allauth rather than by us.
CALLED_FROM_OUTSIDE = (
    "400.html",
    "403.html",
    "403_csrf.html",
    "404.html",
    "429.html",
    "500.html",
    "base.html",
    "account/",
    "mfa/",
    "usersessions/",
    "allauth/",
    "admin/",
)


def name_of(path):
    return path.relative_to(ROOT / "templates").as_posix()


def by_name(path):
    return name_of(path)


@pytest.mark.parametrize("path", TEMPLATES, ids=by_name)
def test_the_template_compiles(path):
    assert engines["django"].get_template(name_of(path)).template.nodelist


@pytest.mark.parametrize("path", PAGES, ids=by_name)
def test_no_inline_script_or_style_and_no_other_host(path):
    text = re.sub(r"{#.*?#}|{% comment.*?endcomment %}", "", path.read_text(), flags=re.S)
    assert not re.search(r"\sstyle\s*=", text), "a style attribute: use a class, or an SVG attribute for a width in data"
    assert "<style" not in text
    assert not re.search(r"\son[a-z]+\s*=\s*[\"']", text), "an event attribute"
    assert "hx-on" not in text, "the security policy switches hx-on off silently"
    assert not re.search(r"""hx-(vals|headers)\s*=\s*["']?\s*js:""", text)
    for tag in re.findall(r"<script\b[^>]*>", text):
        assert "src=" in tag or 'type="application/json"' in tag, tag
    assert not re.search(r"""(src|href|action|hx-[a-z]+)\s*=\s*["'](https?:)?//""", text), "another host"


@pytest.mark.parametrize("path", PAGES, ids=by_name)
def test_layout_uses_logical_names_so_that_arabic_needs_no_second_page(path):
    assert not re.search(r"""class="[^"]*\b(float-(left|right)|text-(left|right)|(m|p)[lr]-\d)\b""", path.read_text())


def test_every_template_belongs_to_a_page():
    code = "\n".join(
        path.read_text() for path in ROOT.rglob("*.py") if not {"tests", ".venv", "var", "node_modules"} & set(path.relative_to(ROOT).parts)
    )
    text = code + "\n".join(path.read_text() for path in TEMPLATES)
    parts = set(re.findall(r"""{% part ["']([\w/]+)["']""", text)) | set(re.findall(r"`(\w+)`", (ROOT / "docs" / "pages.md").read_text()))
    unused = [
        name
        for name in map(name_of, TEMPLATES)
        if not name.startswith(CALLED_FROM_OUTSIDE)
        and f'"{name}"' not in text
        and f"'{name}'" not in text
        and name.removeprefix("components/").removesuffix(".html") not in parts
        and not _mail_pair(name, text)
    ]
    assert unused == []


def _mail_pair(name, text):
    """A mail's subject and body are asked for by their common start."""
    return any(f'"{name.removesuffix(end)}"' in text for end in ("_subject.txt", "_message.txt", "_message.html", ".txt"))


def test_our_styles_have_no_physical_side_but_where_a_chart_needs_one():
    for path in (ROOT / "static" / "portal").rglob("*.css"):
        found = re.findall(
            r"^\s*(?:margin|padding|border)-(?:left|right)\b|^\s*(?:left|right)\s*:|text-align:\s*(?:left|right)|float:\s*(?:left|right)",
            path.read_text(),
            re.M,
        )
        assert found == [], path.name


def test_our_scripts_neither_evaluate_text_nor_ask_another_host():
    for path in (ROOT / "static" / "portal").rglob("*.js"):
        text = path.read_text()
        assert not re.search(r"\beval\(|new Function|innerHTML|document\.write|https?://", text), path.name
