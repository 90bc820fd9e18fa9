"""Every diagnostic code and what it means. A code names the fault and never changes its meaning."""

from __future__ import annotations

CODES: dict[str, str] = {
    # the file
    "unreadable-file": "the file cannot be read: missing, a folder, no permission",
    "bad-encoding": "the file is not UTF-8 text, or holds characters that YAML forbids",
    "file-too-large": "the file is larger than a spec may be",
    "path-outside-tree": "a path leaves the folder tree of the spec",
    # the document
    "yaml-syntax": "the text is not well-formed YAML",
    "yaml-feature": "a YAML feature that specs do not have: anchors, aliases, tags, merge keys, several documents",
    "duplicate-key": "a mapping has the same key twice",
    "unknown-key": "a key that the document does not have",
    "missing-key": "a key that must be there is not",
    "wrong-type": "a value of another type than the key holds",
    "invalid-value": "a value of the right type that is not allowed",
    "language-version": "the spec asks for a version of the language that this compiler does not know",
    "too-deep": "nesting deeper than any real spec",
    # flow
    "flow-syntax": "the flow text does not parse",
    "invalid-name": "a name that is reserved or not an identifier",
    "unknown-dtype": "a dtype that the language does not have",
    # names
    "unknown-name": "a name that is bound nowhere in reach",
    "unknown-operator": "a layer or function that is in neither the catalogue nor the spec",
    "duplicate-name": "a name is bound twice",
    "unused-expression": "an expression whose value nothing uses",
    # arguments
    "unknown-argument": "an argument that the operator or block does not take",
    "missing-argument": "an argument without default is not given",
    "too-many-arguments": "more positional arguments than there are parameters",
    "duplicate-argument": "one argument is given twice",
    "invalid-argument": "an argument's value is of the wrong type or out of range",
    "tensor-in-parentheses": "a tensor stands where configuration belongs; tensors flow along arrows",
    # kinds and types
    "not-a-layer": "an arrow leads to something that is not a layer",
    "not-a-tensor": "something that is not a tensor is used as one",
    "wrong-kind": "a value of one kind where another kind is needed",
    "wrong-arity": "a layer is given another number of tensors than it takes",
    "shape-mismatch": "shapes that do not fit together",
    "rank-mismatch": "a tensor of another rank than the layer takes",
    "impossible-size": "a dim would be zero or negative, or sizes cannot be divided as asked",
    "unknown-size": "a size that must be known when the model is compiled is symbolic",
    "dtype-mismatch": "a dtype that the operator does not take",
    "undecidable": "a condition or equality of symbolic dims that cannot be decided",
    "arithmetic": "arithmetic without a result: division by zero, a root of a negative number, overflow",
    "index-out-of-range": "an index or slice outside the value it is applied to",
    "unpack-mismatch": "as many names as values are needed and there are not",
    # structure
    "endless-recursion": "blocks, params or specs that refer to themselves without end",
    "model-too-large": "the spec describes more than the compiler will lay out",
    "unknown-preset": "a preset that the spec does not have",
    "unknown-param": "a param set from outside that the spec does not have",
    "check-failed": "a check of the spec does not hold",
    "unused-block": "a block that nothing calls (it is not type-checked)",
    # training
    "not-supported": "part of the language that this version of the compiler does not run yet",
    "train-data": "the training data is missing, unreadable, or does not fit the inputs",
    "train-target": "targets and predictions that the loss does not take",
}
