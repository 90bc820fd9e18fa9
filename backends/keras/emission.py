"""Owns what the functions of one emitted module share: evidence, names at module level, constants of used specs, shared
layers, and the functions themselves."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NoReturn

from netwright.backends.keras.evidence import Evidence, is_symbolic
from netwright.backends.keras.layer_names import LayerNames
from netwright.backends.keras.layers_called import FunctionLayer, SharedLayer
from netwright.backends.keras.lifting import Lifting
from netwright.backends.keras.literals import constant
from netwright.backends.keras.names import Names
from netwright.backends.keras.registered import Registered
from netwright.backends.keras.statements import Assign, Statement
from netwright.backends.keras.syntax import Atom, Code
from netwright.backends.keras.terms import Layer, Plain, Term
from netwright.compiler.scope import Module
from netwright.compiler.values import Layer as LayerValue
from netwright.dsl import tree
from netwright.dsl.diagnostics import Diagnostic, SpecError
from netwright.dsl.source import Span

if TYPE_CHECKING:
    from netwright.backends.keras.functions import Functions
    from netwright.compiler.elaborate import Elaborated

#: modules of Keras's that are imported by name; all others are reached through `keras`
IMPORTED = ("layers", "ops")


class Emission:
    """One module being written."""

    functions: Functions

    def __init__(self, elaborated: Elaborated) -> None:
        self.elaborated = elaborated
        self.main: Module = elaborated.main
        self.evidence = Evidence(elaborated)
        self.layer_names = LayerNames(elaborated)
        self.lifting = Lifting(elaborated.main, elaborated.modules)
        self.names = Names()
        #: the functions' names; all are claimed before any local name is
        self.function_names: dict[tree.Block, str] = {}
        #: what the module calls each class of the user's own
        self.extern_names: dict[str, str] = {}
        self._constant_names: dict[tuple[int, str], str] = {}
        self._name_all()
        #: what `build_model` has for the entries of `layers`
        self.shared: dict[str, Layer] = {}
        #: what layers of the model hold on to
        self.registered = Registered(elaborated.main.spec.name, self.names)
        #: params of used specs, which nothing can set, by name
        self.constants: dict[str, Assign] = {}

    def _name_all(self) -> None:
        """Names at module level: blocks by theirs, those of used specs with the alias where that is taken."""
        parameters = Names()
        public = {parameters.claim(entry.name) for entry in self.main.spec.params}
        for extern in (extern for module in self.elaborated.modules for extern in module.spec.externs):
            path = f"{extern.module}.{extern.class_name}"
            if path not in self.extern_names:
                self.extern_names[path] = self.names.claim(extern.class_name, public)
        aliases = {id(used): alias for module in self.elaborated.modules for alias, used in module.uses.items()}
        for module in self.elaborated.modules:
            alias = aliases.get(id(module), "used")
            for block in module.spec.blocks:
                taken = block.name in public or not self.names.is_free(block.name)
                wanted = f"{alias}_{block.name}" if taken and module is not self.main else block.name
                self.function_names[block] = self.names.claim(wanted, public)
            for name in module.params if module is not self.main else ():
                wanted = name.upper() if self.names.is_free(name.upper()) else f"{alias}_{name}".upper()
                self._constant_names[id(module), name] = self.names.claim(wanted)

    # ------------------------------------------------------------ what code may name

    def keras(self, path: str) -> Atom:
        """Something of Keras's: 'layers.Dense', 'ops.mean', 'initializers.RandomNormal', 'Model'; or what is written
        into the module: 'written.Maxout'; or a class of the user's own: 'extern.acme.layers.Rotary'."""
        head, _, name = path.partition(".")
        if head == "extern":
            return Atom(self.extern_names[name])
        return Atom(name if head == "written" else path if head in IMPORTED else f"keras.{path}")

    def param_term(self, name: str, variable: str, place: Span) -> Term:
        """What a param or shared layer of the main spec stands for where a variable holds it."""
        if name in self.main.params:
            value = self.main.params[name]
            return FunctionLayer(Atom(variable)) if isinstance(value, LayerValue) else Plain(Atom(variable))
        if name not in self.shared:
            self.refuse("wrong-kind", f"this is made before the shared layer '{name}' that it uses", place)
        layer = self.shared[name]
        return replace(layer, code=Atom(variable)) if isinstance(layer, SharedLayer) else FunctionLayer(Atom(variable))

    def constant(self, module: Module, name: str) -> Term:
        """A param of a used spec: a constant of the module."""
        variable = self._constant_names[id(module), name]
        self.constants.setdefault(variable, Assign((variable,), self.literal(module.params[name], None)))
        return Plain(Atom(variable))

    def used_constants(self) -> list[Statement]:
        """The constants that the functions read, in the order of the specs."""
        return [self.constants[name] for name in self._constant_names.values() if name in self.constants]

    # ------------------------------------------------------------ faults

    def literal(self, value: Any, span: Span | None) -> Code:
        """The literal of a value that elaboration found."""
        if isinstance(value, LayerValue) or is_symbolic(value):
            self.refuse("wrong-kind", "a param that is a layer or a symbolic dim cannot be written in Keras code", span)
        return constant(value)

    def refuse(self, code: str, message: str, span: Span | None, help: str | None = None) -> NoReturn:
        """What compiles and yet cannot be written as Keras code."""
        raise SpecError([Diagnostic(code, message, span, help=help)])
