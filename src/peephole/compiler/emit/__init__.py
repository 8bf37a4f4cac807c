"""From a schedule to C that reads as if written by hand, with its weights, a build file and a self-test.

`templates/layers` holds what is written for each kind of layer, under the kind's name.
"""

from peephole.compiler.emit.folder import write_folder
from peephole.compiler.emit.project import TARGETS, Project
from peephole.compiler.emit.targets import build_project

__all__ = ["TARGETS", "Project", "build_project", "write_folder"]
