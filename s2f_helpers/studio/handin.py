"""What a person takes away: one page with everything on it, or a ZIP of its parts."""

from __future__ import annotations

import datetime
import io
import zipfile

from markupsafe import Markup

from s2f_helpers.search.display import cards_html, frame
from s2f_helpers.studio.drawing import Drawing
from s2f_helpers.studio.results import pictures_html
from s2f_helpers.studio.storage import png
from s2f_helpers.studio.wishes import Answer

__all__ = ["bundle", "result_page"]

PAGE = Markup(
    '<!doctype html><html lang="en"><head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width, initial-scale=1"><title>Sketch2Fashion: my garment</title>'
    "<style>body{{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;"
    "color-scheme:light dark}}"
    ".s2f-pictures,.drawing{{display:flex;flex-wrap:wrap;gap:1rem}}figure{{margin:0}}"
    "figure img,.drawing svg{{width:256px;height:256px;background:#fff;border:1px solid #8888}}</style></head>"
    "<body><h1>My garment</h1><p>Drawn with Sketch2Fashion on {date}.</p>"
    '<div class="drawing"><figure>{drawing}<figcaption>The drawing</figcaption></figure>{pictures}</div>'
    "<h2>Similar garments</h2>{cards}</body></html>\n"
)


def result_page(drawing: Drawing, answer: Answer) -> str:
    """Drawing, garment, mask and links as one HTML page that needs no other file."""
    return PAGE.format(
        date=datetime.date.today(),
        drawing=Markup(drawing.to_svg()),
        pictures=pictures_html(answer.pictures[0], answer.garments),
        cards=cards_html(answer.products),
    )


def bundle(drawing: Drawing, answer: Answer) -> bytes:
    """The content of a ZIP: the page, the drawing as JSON, SVG and PNG, the garment, its mask, a table of results."""
    parts = {
        "page.html": result_page(drawing, answer),
        "drawing.json": drawing.to_json(),
        "drawing.svg": drawing.to_svg(),
        "drawing.png": png(drawing.preview(512)),
        "garment.png": png(answer.pictures[0]),
        "similar.csv": frame(answer.products).to_csv(index=False),
    }
    if answer.garments:
        parts["mask.png"] = png(answer.garments[0].mask.astype("uint8") * 255)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return file.getvalue()
