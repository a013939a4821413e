"""Hooks on saved tensors, anomaly detection, Variable and the names that scripts use."""

import pytest


def leaf(torch, *values):
    return torch.tensor(values or (1.0, 2.0, 3.0), requires_grad=True)


def test_saved_tensors_pass_through_hooks(torch):
    packed = []

    def pack(tensor):
        assert tensor.grad_fn is None
        packed.append(tensor.tolist())
        return tensor.tolist()

    x, w = leaf(torch), leaf(torch, 2.0, 2.0, 2.0)
    with torch.autograd.graph.saved_tensors_hooks(pack, torch.tensor):
        y = x * w
    z = y * 2
    assert sorted(packed) == [[1.0, 2.0, 3.0], [2.0, 2.0, 2.0]]
    z.sum().backward()
    assert x.grad.tolist() == [4.0] * 3
    assert w.grad.tolist() == [2.0, 4.0, 6.0]


def test_the_innermost_hooks_count(torch):
    def scaled(factor):
        return torch.autograd.graph.saved_tensors_hooks(lambda t: t, lambda t: t * factor)

    x = leaf(torch)
    with scaled(10):
        with scaled(100):
            inner = x.sin() * 0 + x * x
        outer = x * x
    inner.sum().backward()
    assert x.grad.tolist() == [200.0, 400.0, 600.0]
    x.grad = None
    outer.sum().backward()
    assert x.grad.tolist() == [20.0, 40.0, 60.0]


def test_unpacked_values_lead_to_second_derivatives(torch):
    x = leaf(torch)
    with torch.autograd.graph.saved_tensors_hooks(lambda t: t.clone(), lambda t: t):
        (g,) = torch.autograd.grad((x**3).sum(), x, create_graph=True)
    (gg,) = torch.autograd.grad(g.sum(), x)
    assert gg.tolist() == [6.0, 12.0, 18.0]


def test_an_unpack_hook_gives_a_tensor(torch):
    x = leaf(torch)
    with torch.autograd.graph.saved_tensors_hooks(lambda t: t, lambda t: 3):
        y = (x * x).sum()
    with pytest.raises(
        TypeError, match="^Output of saved tensor unpack_hook expected to be a Tens"
    ):
        y.backward()


def test_saving_on_the_cpu_changes_nothing(torch):
    x = leaf(torch)
    with torch.autograd.graph.save_on_cpu():
        y = x * x
    y.sum().backward()
    assert x.grad.tolist() == [2.0, 4.0, 6.0]


def test_hooks_on_saved_tensors_can_be_forbidden(torch):
    hooks = torch.autograd.graph.saved_tensors_hooks(lambda t: t, lambda t: t)
    with (
        torch.autograd.graph.disable_saved_tensors_hooks("not here"),
        pytest.raises(RuntimeError, match="^not here$"),
        hooks,
    ):
        pass
    with hooks:
        leaf(torch) * 2


# Anomaly detection --------------------------------------------------------------------------


def test_the_first_nan_is_named(torch):
    x = torch.zeros(2, requires_grad=True)
    with torch.autograd.set_detect_anomaly(True):
        assert torch.is_anomaly_enabled()
        y = x.sqrt() * 0
        with (
            pytest.warns(
                UserWarning, match="Error detected in SqrtBackward0. Traceback of forward"
            ),
            pytest.raises(
                RuntimeError,
                match="^Function 'SqrtBackward0' returned nan values in its 0th output.$",
            ),
        ):
            y.sum().backward()
    assert not torch.is_anomaly_enabled()


def test_a_forward_of_before_has_no_traceback(torch):
    x = torch.zeros(2, requires_grad=True)
    y = x.sqrt() * 0
    with (
        torch.autograd.set_detect_anomaly(True),
        pytest.warns(UserWarning, match="No forward pass information available"),
        pytest.raises(RuntimeError, match="returned nan values"),
    ):
        y.sum().backward()


def test_nans_need_not_be_looked_for(torch):
    x = torch.zeros(2, requires_grad=True)
    with torch.autograd.set_detect_anomaly(True, check_nan=False):
        (x.sqrt() * 0).sum().backward()
    assert x.grad.isnan().all()


def test_detecting_anomalies_warns_that_it_is_slow(torch):
    with (
        pytest.warns(UserWarning, match="Anomaly Detection has been enabled. This mode will incr"),
        torch.autograd.detect_anomaly(),
    ):
        assert torch.is_anomaly_enabled()


# Names of older scripts ---------------------------------------------------------------------


def test_variables_are_tensors(torch):
    data = torch.ones(2)
    v = torch.autograd.Variable(data, requires_grad=True)
    assert isinstance(v, torch.Tensor)
    assert isinstance(data, torch.autograd.Variable)
    assert v.requires_grad
    assert not data.requires_grad
    v.data.add_(1)
    assert data.tolist() == [2.0, 2.0]


def test_profilers_run_their_body(torch):
    with torch.autograd.profiler.profile() as report, torch.autograd.profiler.record_function("f"):
        torch.ones(2)
    assert isinstance(report.key_averages().table(), str)
