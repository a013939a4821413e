"""The intermediate representation: element types, nodes and primitives."""
