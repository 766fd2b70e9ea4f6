"""Tables of benchmarks as Markdown, as pages and notes hold them."""


def markdown(rows, number="{:.2f}".format):
    """A table; ``number`` writes those of its cells that have decimals."""
    lines = ["| " + " | ".join(rows.columns) + " |", "|" + "---|" * len(rows.columns)]
    for row in rows.itertuples(index=False):
        cells = (number(cell) if isinstance(cell, float) else str(cell) for cell in row)
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)
