/// The kubelet API: logs, exec, attach, port-forward, statistics, over TLS. Knows pods through
/// [KubeletPods] only.
@NullMarked
package dev.monopod.agent.kubelet;

import org.jspecify.annotations.NullMarked;
