"""Names of a network's objects, for paths."""

import nengo


def rules_of(conn):
    """The learning rules of a connection: a list, however Nengo keeps them."""
    rules = conn.learning_rule
    rules = rules.values() if isinstance(rules, dict) else rules if isinstance(rules, list) else [rules]
    return [rule for rule in rules if rule is not None]


class Names:
    """A name for each object of a model: its label, or its kind and number; of two with one name the second gets a number.

    Connections without a label are named after what they connect.
    """

    def __init__(self, model):
        self._by_object, self._taken, self._onto = {}, set(), {}
        network = model.toplevel
        if network is None:
            return
        for kind, objects in (("ensemble", network.all_ensembles), ("node", network.all_nodes)):
            for k, obj in enumerate(objects):
                self._give(obj, obj.label or f"{kind}{k}")
        for conn in network.all_connections:
            pre, post = (self._end(end) for end in (conn.pre_obj, conn.post_obj))
            self._give(conn, conn.label or f"{pre}->{post}")
            if isinstance(conn.post_obj, nengo.ensemble.Neurons):
                self._onto.setdefault(conn.post_obj, []).append(conn)

    def _end(self, obj):
        if isinstance(obj, nengo.ensemble.Neurons):
            return f"{self.of(obj.ensemble)}.neurons"
        if isinstance(obj, nengo.connection.LearningRule):
            return self.rule(obj)
        return self.of(obj)

    def _give(self, obj, name):
        unique, k = name, 1
        while unique in self._taken:
            k += 1
            unique = f"{name}[{k}]"
        self._taken.add(unique)
        self._by_object[obj] = unique

    def of(self, obj):
        """The name of an object."""
        return self._by_object.get(obj) or getattr(obj, "label", None) or type(obj).__name__

    def rule(self, rule):
        """The name of a learning rule: of several of a connection each has its number, from 0."""
        name, every = self.of(rule.connection), rules_of(rule.connection)
        return f"{name}.rules.{every.index(rule)}" if len(every) > 1 else f"{name}.rule"

    def onto(self, obj):
        """Connections that end at neurons."""
        return self._onto.get(obj, [])

    def items(self):
        return self._by_object.items()
