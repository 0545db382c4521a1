"""What type checkers and readers are told of the public face: stubs are what is there, everything has types and a docstring."""

import ast
import inspect
import os
import re

import pytest

import bouton
from bouton import _bouton, model, pictures
from bouton.nengo_backend import devices, live, live_devices, rules, simulator, state

FOLDER = os.path.dirname(bouton.__file__)


def stub(name):
    with open(os.path.join(FOLDER, name), encoding="utf-8") as file:
        return ast.parse(file.read())


def test_the_stub_of_the_package_has_its_names():
    names = {alias.asname for node in stub("__init__.pyi").body if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert names == set(bouton.__all__)
    for name in names:
        assert getattr(bouton, name) is not None
    assert os.path.exists(os.path.join(FOLDER, "py.typed"))


def test_the_stub_of_the_extension_has_its_classes_functions_and_arguments():
    body = stub("_bouton.pyi").body
    classes = {node.name: node for node in body if isinstance(node, ast.ClassDef)}
    functions = {node.name for node in body if isinstance(node, ast.FunctionDef)}
    values = {node.target.id for node in body if isinstance(node, ast.AnnAssign)}
    there = {name for name in dir(_bouton) if not name.startswith("_")} | {"__version__"}
    assert there == classes.keys() | functions | values
    for name, node in classes.items():
        if issubclass(getattr(_bouton, name), Exception):
            continue
        methods = {m.name: m for m in node.body if isinstance(m, ast.FunctionDef)}
        real = {m for m in vars(getattr(_bouton, name)) if not m.startswith("__")}
        assert real == {m for m in methods if not m.startswith("__")}, name
        for method in real:
            told = [a.arg for a in methods[method].args.args if a.arg != "self"]
            parameters = inspect.signature(getattr(getattr(_bouton, name), method)).parameters.values()
            found = [p.name for p in parameters if p.name != "self" and p.kind is not p.VAR_KEYWORD]
            assert told == found, f"{name}.{method}"


PUBLIC = [
    simulator.Simulator, live.LiveArray, live.LivePath, live.Weights, live.Views, rules.Rule, rules.FunctionRule, rules.rule,
    devices.Devices, devices.mPES, live.Gains, live_devices.Side, live_devices.DeviceView, live_devices.DeviceViews, state.Record, state.Log,
    model.Model, model.ModelSimulator, pictures.matrix_svg,
]  # fmt: skip


def functions_of(thing):
    """Functions that a class, or a function itself, has of its own and that are public; its constructor among them."""
    if inspect.isfunction(thing):
        return [thing]
    found = []
    for name, value in vars(thing).items():
        if name.startswith("_") and name not in ("__init__", "__getitem__", "__setitem__"):
            continue
        value = value.fget if isinstance(value, property) else inspect.unwrap(getattr(value, "__func__", value))
        if inspect.isfunction(value):
            found.append(value)
    return found


def says(doc, name):
    """Whether the part of a docstring on parameters has one."""
    return re.search(rf"^ *\*{{0,2}}(?:\w+, )*{name}(?:, \w+)* : \S", doc, re.M) is not None


@pytest.mark.parametrize("thing", PUBLIC, ids=lambda thing: thing.__name__)
def test_everything_public_has_types_and_a_docstring_that_names_its_parameters(thing):
    assert thing.__doc__
    for function in functions_of(thing):
        name = function.__qualname__
        signature = inspect.signature(function)
        assert signature.return_annotation is not inspect.Signature.empty, f"{name} has no type of what it returns"
        of_python = function.__name__ in ("__getitem__", "__setitem__")
        assert function.__doc__ or of_python or function.__name__ == "__init__", f"{name} has no docstring"
        doc = thing.__doc__ if function.__name__ == "__init__" else function.__doc__
        for parameter in list(signature.parameters.values())[0 if inspect.isfunction(thing) else 1 :]:
            assert parameter.annotation is not inspect.Parameter.empty, f"{name}: `{parameter.name}` has no type"
            assert of_python or says(doc, parameter.name), f"{name}: the docstring doesn't say what `{parameter.name}` is"
