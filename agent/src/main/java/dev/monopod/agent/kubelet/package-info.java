/// The kubelet API: logs, exec, attach, port-forward, statistics, over TLS. Knows pods through
/// [KubeletPods], and what they use as their guests tell it.
@NullMarked
package dev.monopod.agent.kubelet;

import org.jspecify.annotations.NullMarked;
