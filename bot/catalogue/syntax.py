"""What the YAML parser stumbled over, in words that help."""

from __future__ import annotations

from ruamel.yaml.error import MarkedYAMLError

from bot.catalogue.problem import Problem


def stumble(error: MarkedYAMLError) -> Problem:
    """The place, and what is most likely wrong there."""
    problem = str(error.problem or "")
    mark = error.problem_mark or error.context_mark
    begun = error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    since = f" that begins on line {begun.line + 1}" if begun else ""
    if "'\\t'" in problem:
        message = "There is a tab here; YAML is indented with spaces only."
    elif "cannot start any token" in problem:
        character = problem.split("'")[1]
        message = f"A value can't begin with “{character}”; put it in quotes."
    elif "mapping values are not allowed" in problem:
        message = (
            "There can't be a colon here. Is this line indented like its neighbours? A text with “: ” needs quotes."
        )
    elif "expected ',' or ']'" in problem:
        message = f"The list{since} is not closed: a comma or “]” is missing before this."
    elif "expected ',' or '}'" in problem:
        message = f"The mapping{since} is not closed: a comma or “}}” is missing before this."
    elif "quoted scalar" in str(error.context or "") and "end of stream" in problem and begun:
        line, column, message = begun.line + 1, begun.column + 1, "The quote that is opened here is never closed."
    elif "expected ':'" in problem:
        message = "A colon is missing after this key." if begun is None else f"A colon is missing after the key{since}."
    elif "expected <block end>" in problem:
        message = f"This line doesn't fit the block{since}: indent it exactly like its neighbours."
    elif "undefined alias" in problem:
        name = problem.split("'")[1]
        message = f"“*{name}” refers to an anchor that nothing above defines; write “&{name}” where it is meant."
    elif "single document" in str(error.context or ""):
        message = "A second document begins here (---); a catalogue is only one."
    else:
        message = f"This is not valid YAML: {problem}{f' ({error.context})' if error.context else ''}."
    return Problem(line, column, "", message)
