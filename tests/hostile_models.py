"""Models that are small to send and large to work out: what the limits are for.

Each row of `BOMBS` is a few kilobytes; each row of `FLOODS` fills a file of the size asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain, count

from onnx_models import field
from onnx_wire import (
    BOOL,
    F32,
    I64,
    attr_graph,
    attr_int,
    attr_ints,
    attr_text,
    body,
    constant,
    i64s,
    integer,
    model,
    node,
    split_nodes,
    text,
    typed,
    varint_sized,
)  # fmt: skip

X = typed("x", F32, ["N", "M"])


# --- bombs ---


def nested_if(depth: int) -> bytes:
    """Each branch holds another If: 2^depth paths."""
    inner = node("Relu", ["x"], ["r0"])
    for level in range(1, depth + 1):
        name = f"r{level - 1}"
        branch = body(inner, outputs=[name])
        inner = node(
            "If", ["c"], [f"r{level}"], attr_graph("then_branch", branch),
            attr_graph("else_branch", body(node("Tanh", ["x"], ["t"]), outputs=["t"])),
        )  # fmt: skip
    return model([inner], [X, typed("c", BOOL, [])], [f"r{depth}"])


def loop_body(nodes: bytes, state: str, result: str) -> bytes:
    ends = [typed("i", I64, []), typed("c", BOOL, []), typed(state, F32, None)]
    return body(node("Identity", ["c"], ["d"]) + nodes, ends, ["d", result])


def long_loop(trips: int) -> bytes:
    """A state that doubles, as often as the model says."""
    inner = loop_body(node("Concat", ["s", "s"], ["t"], attr_int("axis", 0)), "s", "t")
    loop = node("Loop", ["trips", "", "x"], ["y"], attr_graph("body", inner))
    return model([loop], [X], rest=constant("trips", I64, [], i64s([trips])))


def nested_loops(depth: int) -> bytes:
    """Every level is inferred several times, and with it all that are inside."""
    inner = node("Concat", ["s0", "s0"], ["q0"], attr_int("axis", 0))
    for level in range(depth):
        block = loop_body(inner, f"s{level}", f"q{level}")
        state = f"s{level + 1}" if level + 1 < depth else "x"
        inner = node("Loop", ["n", "", state], [f"q{level + 1}"], attr_graph("body", block))
    return model([inner], [X], [f"q{depth}"], constant("n", I64, [], i64s([5])))


def long_cast(length: int) -> bytes:
    """A vector of integers, each of which a value rule could ask for."""
    return model(
        [
            node("Cast", ["x"], ["a"], attr_int("to", I64)),
            node("Add", ["a", "a"], ["b"]),
            node("Mul", ["a", "b"], ["c"]),
            node("Concat", ["a", "b", "c"], ["d"], attr_int("axis", 0)),
            node("Cast", ["d"], ["y"], attr_int("to", F32)),
        ],
        [typed("x", F32, [length])],
    )


INDEX = constant("swap", I64, [2], i64s([1, 0])) + constant("three", I64, [], i64s([3]))


def product_steps(steps: Iterable[int]) -> Iterator[bytes]:
    """s <- s * swap(s) + s: terms square with every step."""
    for i in steps:
        yield node("Gather", [f"s{i}", "swap"], [f"g{i}"])
        yield node("Mul", [f"s{i}", f"g{i}"], [f"m{i}"])
        yield node("Add", [f"m{i}", f"s{i}"], [f"s{i + 1}"])


def mixed_steps(steps: Iterable[int]) -> Iterator[bytes]:
    """The same with a floor and a maximum at every step, which nest."""
    for i in steps:
        yield node("Gather", [f"s{i}", "swap"], [f"g{i}"])
        yield node("Mul", [f"s{i}", f"g{i}"], [f"m{i}"])
        yield node("Add", [f"m{i}", f"s{i}"], [f"a{i}"])
        yield node("Div", [f"a{i}", "three"], [f"d{i}"])
        yield node("Max", [f"d{i}", f"g{i}"], [f"s{i + 1}"])


def expression(steps: Callable[[Iterable[int]], Iterator[bytes]], times: int) -> bytes:
    nodes = [node("Shape", ["x"], ["s0"]), *steps(range(times))]
    return model([*nodes, node("ConstantOfShape", [f"s{times}"], ["y"])], [X], rest=INDEX)


def nested_calls(depth: int) -> bytes:
    """Functions that each call the next twice: 2^depth nodes."""
    functions = b""
    for level in range(depth):
        call = f"F{level + 1}"
        inner = (
            node("Relu", ["a"], ["r"])
            if level + 1 == depth
            else node(call, ["a"], ["b"], text(7, "f")) + node(call, ["b"], ["r"], text(7, "f"))
        )
        # Of a FunctionProto: nodes are field 7, the rest as they stand.
        nodes = b"".join(field(7, part) for part in split_nodes(inner))
        head = text(1, f"F{level}") + text(4, "a") + text(5, "r") + text(10, "f")
        functions += b"\xca\x01" + varint_sized(head + nodes + field(9, integer(2, 20)))
    return model([node("F0", ["x"], ["y"], text(7, "f"))], [X], functions=functions)


BOMBS: dict[str, Callable[[], bytes]] = {
    "If nested 20 deep": lambda: nested_if(20),
    "If nested 62 deep": lambda: nested_if(62),
    "Loop of 10^9 trips": lambda: long_loop(10**9),
    "Loops nested 5 deep": lambda: nested_loops(5),
    "Loops nested 40 deep": lambda: nested_loops(40),
    "Cast of a vector of 10^8": lambda: long_cast(10**8),
    "Cast of a vector of 10^18": lambda: long_cast(10**18),
    "products of sizes": lambda: expression(product_steps, 40),
    "more products of sizes": lambda: expression(product_steps, 400),
    "nested floors and maxima": lambda: expression(mixed_steps, 40),
    "more nested floors and maxima": lambda: expression(mixed_steps, 400),
    "calls that double 40 times": lambda: nested_calls(40),
    "calls that double 13 times": lambda: nested_calls(13),
}


# --- floods ---


def fill(size_bytes: int, parts: Iterator[bytes]) -> list[bytes]:
    """As many parts as the size has room for."""
    out, total = [], 0
    for part in parts:
        total += len(part)
        if total > size_bytes:
            break
        out.append(part)
    return out


def chain_of(size: int, op: str) -> bytes:
    parts = (node(op, [f"v{i}" if i else "x"], [f"v{i + 1}"]) for i in count())
    nodes = fill(size, parts)
    return model(nodes, [X], [f"v{len(nodes)}"])


def vectors_of_1024(size: int) -> bytes:
    parts = (node("Add", [f"v{i}", "one"], [f"v{i + 1}"]) for i in count())
    nodes = fill(size, parts)
    rest = constant("v0", I64, [1024], i64s(range(1024))) + constant("one", I64, [], i64s([1]))
    return model(nodes, [X], [f"v{len(nodes)}"], rest)


def small_constants(size: int) -> bytes:
    """Constants of a byte an element, all read by a rule that knows elements."""

    def parts() -> Iterator[bytes]:
        for i in count():
            raw = i.to_bytes(4, "little") + bytes(1020)
            yield constant(f"c{i}", 3, [1024], raw) + node("Identity", [f"c{i}"], [f"d{i}"])

    return model(fill(size, parts()), [X], ["d0"])


def expressions(size: int) -> bytes:
    def parts() -> Iterator[bytes]:
        for i in count():
            yield b"".join(mixed_steps([i]))

    steps = fill(size, parts())
    nodes = [node("Shape", ["x"], ["s0"]), *steps]
    end = node("ConstantOfShape", [f"s{len(steps)}"], ["y"])
    return model([*nodes, end], [X], rest=INDEX)


def wide_concat(size: int) -> bytes:
    names = ["x"] * (size // 3)
    return model([node("Concat", names, ["y"], attr_int("axis", 0))], [X])


def wide_split(size: int) -> bytes:
    outputs = [f"o{i}" for i in range(size // 9)]
    return model([node("Split", ["x"], outputs)], [X], ["o0"])


def many_inputs(size: int) -> bytes:
    """Each of a size of its own, all added up: a demand for every pair."""

    def parts() -> Iterator[bytes]:
        for i in count():
            before = f"v{i - 1}" if i else "x"
            head = field(11, typed(f"i{i}", F32, [f"A{i}", f"B{i}"]))
            yield head + node("Add", [before, f"i{i}"], [f"v{i}"])

    return model(fill(size, parts()), [X], ["v0"])


def all_wrong(size: int) -> bytes:
    """A finding for every node."""
    nodes = fill(size, (node("MatMul", ["x", "w"], [f"v{i}"]) for i in count()))
    rest = constant("w", F32, [7, 5], bytes(140))
    return model(nodes, [typed("x", F32, [3, 4])], ["v0"], rest)


def unknown_ops(size: int) -> bytes:
    nodes = fill(size, (node(f"Foo{i}", ["x"], [f"v{i}"]) for i in count()))
    return model(nodes, [X], ["v0"])


def undefined_names(size: int) -> bytes:
    nodes = fill(size, (node("Relu", [f"u{i}"], [f"v{i}"]) for i in count()))
    return model(nodes, [X], ["v0"])


def loops_over(size: int) -> bytes:
    """Loops in loops around a body that takes most of the file."""
    parts = (node("Relu", [f"v{i}"], [f"v{i + 1}"]) for i in count())
    nodes = fill(size, parts)
    inner = node("Concat", ["s0", "s0"], ["v0"], attr_int("axis", 0)) + b"".join(nodes)
    last = f"v{len(nodes)}"
    for level in range(3):
        block = loop_body(inner, f"s{level}", last if level == 0 else f"q{level}")
        state = f"s{level + 1}" if level < 2 else "x"
        inner = node("Loop", ["n", "", state], [f"q{level + 1}"], attr_graph("body", block))
    return model([inner], [X], ["q3"], constant("n", I64, [], i64s([5])))


def calls(size: int) -> bytes:
    """Calls of one function of fifty nodes."""
    inner = b"".join(
        node("Relu", [f"a{i}" if i else "a"], [f"a{i + 1}" if i < 49 else "r"]) for i in range(50)
    )
    nodes = b"".join(field(7, part) for part in split_nodes(inner))
    head = text(1, "F") + text(4, "a") + text(5, "r") + text(10, "f")
    function = b"\xca\x01" + varint_sized(head + nodes + field(9, integer(2, 20)))
    made = fill(size, (node("F", ["x"], [f"v{i}"], text(7, "f")) for i in count()))
    return model(made, [X], ["v0"], functions=function)


def long_names(size: int) -> bytes:
    name = "n" * 60_000
    nodes = fill(size, (node("Relu", ["x"], [f"{name}{i}"]) for i in count()))
    return model(nodes, [X], [f"{name}0"])


def long_text(size: int) -> bytes:
    equation = "ab," * (size // 3) + "ab->ab"
    return model([node("Einsum", ["x", "x"], ["y"], attr_text("equation", equation))], [X])


def long_list(size: int) -> bytes:
    perm = attr_ints("perm", (i % 100 for i in range(size)))
    return model([node("Transpose", ["x"], ["y"], perm)], [X])


def declared_sizes(size: int) -> bytes:
    def parts() -> Iterator[bytes]:
        for i in count():
            dim = f"max(a{i}*b{i} + {i}, (c{i} + 7)//3)*d{i}"
            made = node("Relu", ["x"], [f"v{i}"])
            yield made + field(13, typed(f"v{i}", F32, [dim, dim + f" + e{i}"]))

    return model(fill(size, parts()), [X], ["v0"])


def declared_inputs(size: int, dim: Callable[[int], str]) -> bytes:
    def parts() -> Iterator[bytes]:
        for i in count():
            yield field(11, typed(f"i{i}", F32, [dim(i), dim(i) + f" + {i}"]))

    return model(fill(size, parts()), [X], ["x"])


def declared_products(size: int) -> bytes:
    def dim(i: int) -> str:
        return (
            f"(x{i % 50} + {i})*(y{i % 70} + z{i % 40} + {i % 9})*(u{i % 30} + {i // 3})"
            f"*(w{i % 20} + t{i % 11} + 3)"
        )

    return declared_inputs(size, dim)


def declared_maxima(size: int) -> bytes:
    def dim(i: int) -> str:
        text = f"a{i % 40}"
        for k in range(6):
            text = f"max({text} + {i}, b{(i + k) % 37}*{k + 2})"
        return text

    return declared_inputs(size, dim)


def high_ranks(size: int) -> bytes:
    def parts() -> Iterator[bytes]:
        for i in count():
            attr = attr_int("axis", 63)
            yield node("Concat", [f"v{i}" if i else "x", "x"], [f"v{i + 1}"], attr)

    x = typed("x", F32, [f"D{i}" for i in range(64)])
    nodes = fill(size, parts())
    return model(nodes, [x], [f"v{len(nodes)}"])


def growing_sums(size: int) -> bytes:
    """Every size is new, so that no result is met twice."""

    def parts() -> Iterator[bytes]:
        for i in count():
            attr = attr_int("axis", 0)
            yield node("Concat", [f"v{i}" if i else "x", "x"], [f"v{i + 1}"], attr)

    nodes = fill(size, parts())
    return model(nodes, [X], [f"v{len(nodes)}"])


def many_ifs(size: int) -> bytes:
    """Branches of different sizes: a symbol for each."""

    def parts() -> Iterator[bytes]:
        for i in count():
            twice = node("Concat", ["x", "x"], ["t"], attr_int("axis", 0))
            branches = (
                attr_graph("then_branch", body(twice, outputs=["t"])),
                attr_graph("else_branch", body(node("Relu", ["x"], ["u"]), outputs=["u"])),
            )
            yield node("If", ["c"], [f"v{i}"], *branches)

    return model(fill(size, parts()), [X, typed("c", BOOL, [])], ["v0"])


def many_reshapes(size: int) -> bytes:
    """A division that is exact if the model is right, for every node."""

    def parts() -> Iterator[bytes]:
        for i in count():
            yield constant(f"s{i}", I64, [2], i64s([-1, i + 2])) + node(
                "Reshape", ["x", f"s{i}"], [f"v{i}"]
            )

    return model(fill(size, parts()), [X], ["v0"])


def floors(size: int) -> bytes:
    """s <- s // k + s0: a size of its own at every step."""

    def parts() -> Iterator[bytes]:
        for i in count():
            divided = node("Div", [f"s{i}", f"k{i}"], [f"d{i}"])
            yield constant(f"k{i}", I64, [1], i64s([i % 97 + 2])) + divided
            yield node("Add", [f"d{i}", "s0"], [f"s{i + 1}"])

    return model([node("Shape", ["x"], ["s0"]), *fill(size, parts())], [X], ["s1"])


def empty_nodes(size: int) -> bytes:
    return model(b"\x0a\x00" * (size // 2), [X])


def equal_sizes(size: int) -> bytes:
    """A thousand symbols that are all equal, two by two."""
    head = b"".join(field(11, typed(f"i{i}", F32, [f"A{i}", f"A{i + 1}"])) for i in range(1000))
    turns = ((i, (i * 7 + 1) % 1000) for i in range(2000))
    made = (node("MatMul", [f"i{i % 1000}", f"i{j}"], [f"v{i}"]) for i, j in turns)
    rest = (node("Relu", ["x"], [f"r{i}"]) for i in count())
    nodes = fill(size, chain(made, rest))
    return model(nodes, [X], ["v0"], head)


FLOODS: dict[str, Callable[[int], bytes]] = {
    "one chain": lambda size: chain_of(size, "Relu"),
    "vectors of 1024": vectors_of_1024,
    "small constants": small_constants,
    "expressions": expressions,
    "one wide Concat": wide_concat,
    "one wide Split": wide_split,
    "an input a node": many_inputs,
    "a finding a node": all_wrong,
    "unknown operators": unknown_ops,
    "undefined names": undefined_names,
    "loops in loops": loops_over,
    "calls of functions": calls,
    "long names": long_names,
    "a long text": long_text,
    "a long list": long_list,
    "declared sizes": declared_sizes,
    "declared products": declared_products,
    "declared maxima": declared_maxima,
    "high ranks": high_ranks,
    "growing sums": growing_sums,
    "branches": many_ifs,
    "reshapes": many_reshapes,
    "floors": floors,
    "empty nodes": empty_nodes,
    "equal sizes": equal_sizes,
}
