"""What the package offers."""

import inspect

import flambeau as torch


def test_public_names_are_those_listed():
    package = torch.serialization
    public = {name for name in vars(package) if not name.startswith("_")} - {"rebuild"}
    assert public == set(package.__all__)


def test_save_and_load_are_at_the_top():
    assert torch.save is torch.serialization.save
    assert torch.load is torch.serialization.load


def test_arguments_are_pytorchs():
    assert list(inspect.signature(torch.save).parameters) == [
        "obj",
        "f",
        "pickle_module",
        "pickle_protocol",
        "_use_new_zipfile_serialization",
        "_disable_byteorder_record",
    ]
    assert list(inspect.signature(torch.load).parameters) == [
        "f",
        "map_location",
        "pickle_module",
        "weights_only",
        "mmap",
        "pickle_load_args",
    ]
