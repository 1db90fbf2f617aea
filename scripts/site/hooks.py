"""The hooks of mkdocs.yml: generated pages are added to those of docs/, and links to other files are mended."""

from __future__ import annotations

from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from scripts.site import commands, notebooks, public, repository, settings
from scripts.site.spacing import spaced

ROOT = Path(__file__).parent.parent.parent


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """The reference's pages of modules stand in the navigation before its other pages."""
    reference = next(part["Reference"] for part in config.nav or [] if "Reference" in part)
    reference[1:1] = [{"Python": [public.place(module) for module in public.PUBLIC]}]
    config.watch += [str(ROOT / name) for name in ("metanp", "notebooks", "configs")]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add what is made of other files."""
    texts = {public.place(module): public.page(module) for module in public.PUBLIC}
    texts["reference/command-line.md"] = commands.page()
    texts["reference/configuration.md"] = settings.page()
    texts |= {
        f"notebooks/{path.stem}.md": notebooks.page(path) for path in sorted((ROOT / "notebooks").glob("*.ipynb"))
    }
    for place, text in texts.items():
        files.append(File.generated(config, place, content=text))
    for path in repository.linked(ROOT):
        files.append(File.generated(config, repository.place(path), abs_src_path=str(ROOT / path)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Links and empty lines as the site needs them."""
    return spaced(repository.mended(markdown, page.file.src_uri))
