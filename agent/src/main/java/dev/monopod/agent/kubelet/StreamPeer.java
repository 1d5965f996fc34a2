package dev.monopod.agent.kubelet;

import dev.monopod.agent.kubelet.KubeletPods.StreamSession;

/// The client's side of one exec or attach, whatever protocol it speaks.
interface StreamPeer {
    StreamSession session();

    /// Tells the client how it ended and ends the connection.
    void finish(Outcome outcome);
}
