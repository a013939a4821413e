"""Sequential, ModuleList, ModuleDict, ParameterList and ParameterDict."""

from collections import OrderedDict

import pytest

import flambeau as torch
from flambeau import nn


def sequential():
    return nn.Sequential(nn.Linear(1, 2), nn.Identity())


def module_list():
    return nn.ModuleList([nn.Linear(1, 2), nn.Identity()])


def module_dict():
    return nn.ModuleDict({"a": nn.Linear(1, 2), "b": nn.Identity()})


def parameter_list():
    return nn.ParameterList([nn.Parameter(torch.ones(2)), torch.zeros(1, 3), "text"])


def parameter_dict():
    return nn.ParameterDict({"a": nn.Parameter(torch.ones(2)), "b": torch.zeros(1, 3), "c": 5})


def raises(kind, message, call):
    with pytest.raises(kind) as caught:
        call()
    assert caught.value.args == (message,)


def named(cls):
    return f"<class '{cls.__module__}.{cls.__qualname__}'>"


class TestSequential:
    def test_it_calls_one_module_after_the_other(self):
        net = nn.Sequential(nn.Linear(1, 2), nn.Linear(2, 3))
        x = torch.ones(4, 1)
        assert net(x).tolist() == net[1](net[0](x)).tolist()

    def test_without_modules_it_is_the_identity(self):
        assert nn.Sequential()(3) == 3
        assert not nn.Sequential()

    def test_an_ordered_dict_gives_the_names(self):
        net = nn.Sequential(OrderedDict([("first", nn.Linear(1, 2)), ("second", nn.Identity())]))
        assert list(net.state_dict()) == ["first.weight", "first.bias"]
        assert net[0] is net.first

    def test_an_index_gives_a_module(self):
        net = sequential()
        assert isinstance(net[0], nn.Linear)
        assert isinstance(net[-1], nn.Identity)
        raises(IndexError, "index 2 is out of range", lambda: net[2])
        raises(IndexError, "index -3 is out of range", lambda: net[-3])
        with pytest.raises(TypeError, match="'str' object cannot be interpreted as an integer"):
            net["0"]

    def test_a_slice_gives_a_sequential_of_the_same_modules_and_names(self):
        net = sequential()
        part = net[1:]
        assert type(part) is nn.Sequential
        assert list(part._modules) == ["1"]
        assert part[0] is net[1]

    def test_a_slice_of_a_subclass_is_one_too(self):
        class Mine(nn.Sequential):
            pass

        assert type(Mine(nn.Identity())[:]) is Mine

    def test_assigning_and_deleting_by_index(self):
        net = sequential()
        net[0] = nn.Identity()
        net[-1] = nn.Linear(3, 3)
        assert [type(module) for module in net] == [nn.Identity, nn.Linear]
        del net[0]
        assert list(net._modules) == ["0"]
        assert isinstance(net[0], nn.Linear)
        del net[0:]
        assert len(net) == 0
        raises(IndexError, "index 0 is out of range", lambda: net.__delitem__(0))

    def test_append_insert_extend_and_pop(self):
        net = sequential()
        assert net.append(nn.Linear(2, 2)) is net
        assert net.insert(1, nn.Linear(2, 1)) is net
        assert net.extend([nn.Identity()]) is net
        kinds = [nn.Linear, nn.Linear, nn.Identity, nn.Linear, nn.Identity]
        assert [type(module) for module in net] == kinds
        assert list(net._modules) == ["0", "1", "2", "3", "4"]
        popped = net.pop(0)
        assert popped.out_features == 2
        assert list(net._modules) == ["0", "1", "2", "3"]
        assert len(net.pop(slice(0, 2))) == 2

    def test_insert_counts_from_the_end_as_lists_do(self):
        net = sequential().insert(-1, nn.Linear(7, 7))
        assert net[1].in_features == 7
        raises(IndexError, "Index out of range: 9", lambda: net.insert(9, nn.Identity()))
        raises(IndexError, "Index out of range: -9", lambda: net.insert(-9, nn.Identity()))
        raises(
            AssertionError,
            f"module should be of type: {named(nn.Module)}",
            lambda: net.insert(0, 3),
        )

    def test_addition_joins(self):
        a, b = sequential(), sequential()
        joined = a + b
        assert list(joined) == [*a, *b]
        a += b
        assert len(a) == 4
        message = (
            "add operator supports only objects of Sequential class, but <class 'int'> is given."
        )
        raises(ValueError, message, lambda: a + 3)
        raises(ValueError, message, lambda: a.__iadd__(3))

    def test_multiplication_repeats(self):
        net = sequential()
        assert list(net * 2) == list(2 * net) == [*net, *net]
        message = f"Non-positive multiplication factor 0 for {named(nn.Sequential)}"
        raises(ValueError, message, lambda: net * 0)
        message = f"unsupported operand type(s) for *: {named(nn.Sequential)} and <class 'str'>"
        raises(TypeError, message, lambda: net * "a")
        net *= 3
        assert len(net) == 6

    def test_what_is_no_module_is_refused(self):
        raises(TypeError, "int is not a Module subclass", lambda: nn.Sequential(3))
        raises(TypeError, "list is not a Module subclass", lambda: nn.Sequential([nn.Identity()]))
        raises(TypeError, "dict is not a Module subclass", lambda: nn.Sequential({}))
        raises(TypeError, "int is not a Module subclass", lambda: sequential().append(3))

    def test_repr(self):
        assert repr(sequential()) == (
            "Sequential(\n"
            "  (0): Linear(in_features=1, out_features=2, bias=True)\n"
            "  (1): Identity()\n"
            ")"
        )


class TestModuleList:
    def test_its_modules_are_registered(self):
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.layers = nn.ModuleList(nn.Linear(1, 1) for _ in range(2))

        assert list(Net().state_dict())[2] == "layers.1.weight"

    def test_indexing_and_slicing(self):
        modules = module_list()
        assert isinstance(modules[-1], nn.Identity)
        assert type(modules[:1]) is nn.ModuleList
        assert len(modules[:1]) == 1
        raises(IndexError, "index 7 is out of range", lambda: modules[7])

    def test_changing_it(self):
        modules = module_list()
        assert modules.append(nn.Identity()) is modules
        assert modules.insert(0, nn.Linear(3, 3)) is None
        assert modules.extend([nn.Identity()]) is modules
        modules += [nn.Identity()]
        modules[1] = nn.Identity()
        del modules[0]
        assert [type(module) for module in modules] == [nn.Identity] * 5
        assert list(modules._modules) == ["0", "1", "2", "3", "4"]
        assert isinstance(modules.pop(-1), nn.Identity)
        assert len(modules) == 4

    def test_insert_behaves_as_that_of_a_list(self):
        modules = module_list()
        modules.insert(-1, nn.Linear(3, 3))
        modules.insert(99, nn.Linear(4, 4))
        assert modules[1].in_features == 3
        assert modules[3].in_features == 4

    def test_addition_joins_with_any_iterable(self):
        modules = module_list()
        joined = modules + [nn.Linear(5, 5)]
        assert type(joined) is nn.ModuleList
        assert len(joined) == 3
        assert len(modules) == 2

    def test_extend_wants_an_iterable(self):
        message = "ModuleList.extend should be called with an iterable, but got int"
        raises(TypeError, message, lambda: module_list().extend(3))
        raises(TypeError, message, lambda: nn.ModuleList(3))
        raises(TypeError, "int is not a Module subclass", lambda: module_list().append(3))

    def test_it_cannot_be_called(self):
        with pytest.raises(NotImplementedError, match=r"\[ModuleList\] is missing the required"):
            module_list()(1)

    def test_repr_counts_equal_modules(self):
        modules = nn.ModuleList([nn.Linear(1, 1) for _ in range(3)])
        modules.append(nn.Identity())
        modules.extend([nn.Sequential(nn.Identity())] * 2)
        assert repr(modules) == (
            "ModuleList(\n"
            "  (0-2): 3 x Linear(in_features=1, out_features=1, bias=True)\n"
            "  (3): Identity()\n"
            "  (4-5): 2 x Sequential(\n"
            "    (0): Identity()\n"
            "  )\n"
            ")"
        )
        assert repr(nn.ModuleList()) == "ModuleList()"


class TestModuleDict:
    def test_it_behaves_as_a_dict(self):
        modules = module_dict()
        assert list(modules) == list(modules.keys()) == ["a", "b"]
        assert len(modules) == 2
        assert "a" in modules
        assert isinstance(modules["a"], nn.Linear)
        assert list(modules.values()) == [modules["a"], modules["b"]]
        assert dict(modules.items())["b"] is modules["b"]
        raises(KeyError, "z", lambda: modules["z"])

    def test_its_modules_are_registered(self):
        assert list(module_dict().state_dict()) == ["a.weight", "a.bias"]

    def test_changing_it(self):
        modules = module_dict()
        modules["c"] = nn.Identity()
        del modules["b"]
        assert isinstance(modules.pop("a"), nn.Linear)
        assert list(modules) == ["c"]
        modules.update([("d", nn.Identity())])
        modules.update(module_dict())
        assert list(modules) == ["c", "d", "a", "b"]
        modules.clear()
        assert len(modules) == 0

    def test_keys_that_cannot_be_attributes_are_refused(self):
        modules = module_dict()
        raises(
            TypeError,
            "module name should be a string. Got int",
            lambda: modules.update({3: nn.Identity()}),
        )
        raises(
            KeyError,
            "attribute 'keys' already exists",
            lambda: modules.update({"keys": nn.Identity()}),
        )

    @pytest.mark.parametrize(
        ("given", "kind", "message"),
        [
            (
                3,
                TypeError,
                "ModuleDict.update should be called with an iterable of key/value pairs, "
                "but got int",
            ),
            (
                [3],
                TypeError,
                "ModuleDict update sequence element #0 should be Iterable; isint",
            ),
            (
                [("a",)],
                ValueError,
                "ModuleDict update sequence element #0 has length 1; 2 is required",
            ),
        ],
    )
    def test_update_wants_pairs(self, given, kind, message):
        raises(kind, message, lambda: module_dict().update(given))

    def test_repr(self):
        assert repr(module_dict()) == (
            "ModuleDict(\n"
            "  (a): Linear(in_features=1, out_features=2, bias=True)\n"
            "  (b): Identity()\n"
            ")"
        )


class TestParameterList:
    def test_tensors_become_parameters_and_others_stay(self):
        values = parameter_list()
        assert isinstance(values[1], nn.Parameter)
        assert values[2] == "text"
        assert list(values.state_dict()) == ["0", "1"]
        assert len(values) == 3

    def test_indexing_and_slicing(self):
        values = parameter_list()
        assert values[-1] == "text"
        assert type(values[:2]) is nn.ParameterList
        assert values[:2][0] is values[0]
        raises(IndexError, "index 5 is out of range", lambda: values[5])

    def test_changing_it(self):
        values = parameter_list()
        assert values.append(torch.ones(1)) is values
        assert values.extend([1, 2]) is values
        values += [3]
        values[0] = torch.zeros(4)
        assert len(values) == 7
        assert values[0].shape == (4,)
        assert list(values)[4:] == [1, 2, 3]

    def test_a_value_that_is_refused_leaves_it_as_it_was(self):
        values = parameter_list()
        with pytest.raises(RuntimeError):
            values.append(torch.ones(1, dtype=torch.int32))
        assert len(values) == 3

    def test_extend_wants_an_iterable(self):
        message = "ParameterList.extend should be called with an iterable, but got int"
        raises(TypeError, message, lambda: nn.ParameterList(3))

    def test_it_cannot_be_called(self):
        raises(RuntimeError, "ParameterList should not be called.", lambda: parameter_list()(1))

    def test_repr(self):
        assert repr(parameter_list()) == (
            "ParameterList(\n"
            f"    (0): Parameter containing: [{torch.float32} of size 2]\n"
            f"    (1): Parameter containing: [{torch.float32} of size 1x3]\n"
            "    (2): Object of type: str\n"
            ")"
        )
        assert repr(nn.ParameterList()) == "ParameterList()"


class TestParameterDict:
    def test_it_behaves_as_a_dict(self):
        values = parameter_dict()
        assert list(values) == list(values.keys()) == ["a", "b", "c"]
        assert list(reversed(values)) == ["c", "b", "a"]
        assert len(values) == 3
        assert "a" in values
        assert values["a"] is values.a
        assert list(values.values())[2] == 5
        assert list(values.items())[2] == ("c", 5)
        assert values.get("c") == 5
        assert values.get("z") is None
        assert values.get("z", 1) == 1

    def test_tensors_become_parameters_and_others_stay(self):
        values = parameter_dict()
        assert isinstance(values["b"], nn.Parameter)
        assert list(values.state_dict()) == ["a", "b"]

    def test_changing_it(self):
        values = parameter_dict()
        assert values.pop("c") == 5
        values["d"] = torch.ones(1)
        assert isinstance(values.setdefault("e", torch.ones(2)), nn.Parameter)
        assert values.setdefault("d") is values["d"]
        assert values.popitem()[0] == "e"
        del values["a"]
        assert list(values) == ["b", "d"]
        values.update([("f", 1)])
        values.clear()
        assert len(values) == 0
        raises(KeyError, "z", lambda: values.__delitem__("z"))

    def test_new_dictionaries_from_old(self):
        values = parameter_dict()
        assert values.copy()["a"] is values["a"]
        other = nn.ParameterDict({"c": 6, "d": 7})
        assert dict((values | other).items())["c"] == 6
        assert list({"z": 0} | other) == ["z", "c", "d"]
        assert list(nn.ParameterDict().fromkeys(["x", "y"], 1).items()) == [("x", 1), ("y", 1)]
        values |= {"d": 8}
        assert values["d"] == 8

    def test_keys_are_strings(self):
        with pytest.raises(TypeError, match="it is not a string \\(type is 'int'\\)"):
            parameter_dict()[3] = 1

    def test_update_wants_pairs(self):
        message = (
            "ParametersDict.update should be called with an iterable of key/value pairs, "
            "but got int"
        )
        raises(TypeError, message, lambda: nn.ParameterDict(3))
        message = "ParameterDict update sequence element #0 has length 3; 2 is required"
        raises(ValueError, message, lambda: nn.ParameterDict([[1, 2, 3]]))
        message = "ParameterDict update sequence element #0 should be Iterable; isint"
        raises(TypeError, message, lambda: nn.ParameterDict([1]))

    def test_it_cannot_be_called(self):
        raises(RuntimeError, "ParameterDict should not be called.", lambda: parameter_dict()(1))

    def test_repr(self):
        assert repr(parameter_dict()) == (
            "ParameterDict(\n"
            f"    (a): Parameter containing: [{torch.ones(1).type()} of size 2]\n"
            f"    (b): Parameter containing: [{torch.ones(1).type()} of size 1x3]\n"
            "    (c): Object of type: int\n"
            ")"
        )


def test_container_is_deprecated():
    with pytest.warns(FutureWarning, match="^`nn.Container` is deprecated"):
        container = nn.Container(a=nn.Identity())
    assert repr(container) == "Container(\n  (a): Identity()\n)"
