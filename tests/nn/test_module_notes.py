"""An error names the module it arose in; modules hidden in plain containers are warned of."""

import pickle
import threading
import warnings

import pytest

import flambeau as torch
from flambeau import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([nn.Identity(), nn.Linear(4, 2)])

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x


def notes_of(call):
    with pytest.raises(Exception) as caught:  # noqa: PT011
        call()
    return getattr(caught.value, "__notes__", [])


def test_a_shape_error_names_the_path_the_layer_and_the_shape():
    net = nn.Sequential(Net())
    assert notes_of(lambda: net(torch.ones(3, 5))) == [
        "in Sequential.0.layers.1 (Linear(in_features=4, out_features=2, bias=True)): "
        "input is (3, 5)"
    ]


def test_the_message_stays_pytorchs():
    with pytest.raises(RuntimeError) as caught:
        Net()(torch.ones(3, 5))
    assert str(caught.value) == "mat1 and mat2 shapes cannot be multiplied (3x5 and 4x2)"


def test_a_module_called_by_itself_is_its_own_path():
    layer = nn.Linear(4, 2)
    assert notes_of(lambda: layer(torch.ones(3, 5))) == [
        "in Linear (Linear(in_features=4, out_features=2, bias=True)): input is (3, 5)"
    ]


def test_all_kinds_of_inputs_are_described():
    class Picky(nn.Module):
        def forward(self, *args, **kwargs):
            raise ValueError("no")

    x = torch.ones(2, 3)
    n = torch.ones(2, dtype=torch.int64)
    layer = Picky()
    assert notes_of(lambda: layer(x, n, [x, x], 3, None, mask="m")) == [
        "in Picky (Picky()): inputs are (2, 3), (2,) int64, [(2, 3), (2, 3)], 3, None, mask=str"
    ]
    assert notes_of(layer) == ["in Picky (Picky())"]


def test_an_error_raised_in_a_hook_is_noted_too():
    def fail(*_):
        raise ValueError("no")

    net = nn.Sequential(nn.Identity())
    net[0].register_forward_hook(fail)
    assert notes_of(lambda: net(1)) == ["in Sequential.0 (Identity()): input is 1"]


def test_after_an_error_the_next_path_begins_anew():
    net = Net()
    notes_of(lambda: net(torch.ones(3, 5)))
    assert notes_of(lambda: net.layers[1](torch.ones(1, 1)))[0].startswith("in Linear ")


def test_an_error_with_its_note_can_be_pickled():
    try:
        Net()(torch.ones(3, 5))
    except RuntimeError as error:
        again = pickle.loads(pickle.dumps(error))
    assert again.__notes__[0].startswith("in Net.layers.1 ")


def test_paths_of_other_threads_do_not_mix():
    inside, finish = threading.Event(), threading.Event()

    class Waiting(nn.Module):
        def forward(self):
            inside.set()
            finish.wait(10)

    thread = threading.Thread(target=Waiting())
    thread.start()
    inside.wait(10)
    try:
        notes = notes_of(lambda: nn.Linear(1, 1)(torch.ones(2)))
    finally:
        finish.set()
        thread.join()
    assert notes[0].startswith("in Linear (")


def hiding(value, attribute="layers"):
    """An instance of a new class, as each is warned of once."""
    cls = type("Hiding", (nn.Module,), {})
    module = cls()
    setattr(module, attribute, value)
    return module


def warnings_of(module):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        list(module.parameters())
    return [str(warning.message) for warning in caught]


def test_modules_in_a_plain_list_are_warned_of():
    (message,) = warnings_of(hiding([nn.Linear(1, 1)]))
    assert message == (
        "Hiding.layers is a plain list: the modules in it are not registered, so their "
        "parameters are neither trained, moved nor saved. Use nn.ModuleList instead."
    )


def test_modules_in_a_plain_dict_are_warned_of():
    (message,) = warnings_of(hiding({"a": nn.Linear(1, 1)}))
    assert "plain dict" in message
    assert "nn.ModuleDict" in message


def test_the_warning_points_at_the_users_line():
    with pytest.warns(UserWarning, match="^Hiding.layers is a plain list") as caught:
        list(hiding([nn.Linear(1, 1)]).parameters())
    assert caught[0].filename == __file__


def test_the_warning_comes_once_for_a_class_and_attribute():
    cls = type("Hiding", (nn.Module,), {})
    counts = []
    for _ in range(2):
        module = cls()
        module.layers = [nn.Linear(1, 1)]
        counts.append(len(warnings_of(module)))
        counts.append(len(warnings_of(module)))
    assert counts == [1, 0, 0, 0]


def test_modules_hidden_deeper_are_found():
    assert len(warnings_of(nn.Sequential(hiding((nn.Linear(1, 1),))))) == 1


def test_modules_that_are_registered_elsewhere_are_not_hidden():
    layers = [nn.Linear(1, 1)]
    module = hiding(layers)
    module.registered = nn.ModuleList(layers)
    assert warnings_of(module) == []


def test_modules_without_trainable_parameters_may_be_kept_in_a_list():
    assert warnings_of(hiding([nn.Identity()])) == []
    assert warnings_of(hiding([nn.Linear(1, 1).requires_grad_(False)])) == []


def test_a_reference_to_the_owner_in_a_list_is_no_hiding():
    owner = nn.Sequential(nn.Linear(1, 1))
    child = hiding([owner], "owner")
    owner.append(child)
    assert warnings_of(child) == []


def test_other_things_in_lists_are_of_no_concern():
    assert warnings_of(hiding([1, torch.ones(1), "x"])) == []
