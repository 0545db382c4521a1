"""A learning rule of a user's own, as Nengo is taught one: a rule type, an operator, and a build function.

The instar rule: Δw = κ·dt·post·(g·pre − w), with filtered activities. crates/bouton-parity/src/own_rule.rs has it as a text, as
a function and as a Rust type.
"""

import nengo
import numpy as np
from nengo.builder import Builder, Operator
from nengo.params import Default, NumberParam
from nengo.synapses import Lowpass, SynapseParam


class Instar(nengo.learning_rules.LearningRuleType):
    modifies = "weights"
    probeable = ("delta",)

    gain = NumberParam("gain", default=1e-6, readonly=True)
    pre_synapse = SynapseParam("pre_synapse", default=Lowpass(tau=0.005), readonly=True)
    post_synapse = SynapseParam("post_synapse", default=Lowpass(tau=0.01), readonly=True)

    def __init__(self, learning_rate=Default, gain=Default, pre_synapse=Default, post_synapse=Default):
        super().__init__(learning_rate, size_in=0)
        self.gain = gain
        self.pre_synapse = pre_synapse
        self.post_synapse = post_synapse


class SimInstar(Operator):
    def __init__(self, rule, pre, post, weights, delta):
        super().__init__(tag="instar")
        self.rule = rule
        self.sets, self.incs = [], []
        self.reads = [pre, post, weights]
        self.updates = [delta]

    def make_step(self, signals, dt, rng):
        pre, post, weights = (signals[s] for s in self.reads)
        delta = signals[self.updates[0]]
        rate, gain = self.rule.learning_rate, self.rule.gain

        def step():
            delta[...] = rate * dt * post[:, np.newaxis] * (gain * pre[np.newaxis, :] - weights)

        return step


@Builder.register(Instar)
def build_instar(model, instar, rule):
    conn = rule.connection
    pre = model.build(instar.pre_synapse, model.sig[conn.pre_obj]["out"])
    post = model.build(instar.post_synapse, model.sig[conn.post_obj]["out"])
    model.add_op(SimInstar(instar, pre, post, model.sig[conn]["weights"], model.sig[rule]["delta"]))
