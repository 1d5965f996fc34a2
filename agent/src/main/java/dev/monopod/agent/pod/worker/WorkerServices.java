package dev.monopod.agent.pod.worker;

import dev.monopod.agent.pod.api.ConfigSource;
import dev.monopod.agent.pod.api.PodApi;
import dev.monopod.agent.pod.api.PodNodes;
import dev.monopod.agent.pod.log.LogDelivery;
import dev.monopod.agent.pod.scope.PodSettings;
import dev.monopod.host.guest.GuestChannel;
import dev.monopod.host.image.ImageStore;
import dev.monopod.host.machine.Hypervisor;
import dev.monopod.host.network.HostNetwork;
import dev.monopod.model.loop.Loops;
import dev.monopod.model.time.Clocks;
import java.nio.file.Path;
import java.util.concurrent.Semaphore;

/// What every pod worker of this host shares. Known in this room alone: the parts of a pod are
/// given what they use.
///
/// @param turns of machines to start ([StartTurn])
record WorkerServices(
        Cluster cluster,
        PodHost.Machinery machinery,
        GuestChannel.Transport transport,
        Semaphore turns,
        PodSettings settings,
        Running running) {
    /// What goes on in this process, and by which clocks.
    record Running(Clocks clocks, Loops loops) {}

    /// The API server, and the Nodes that stand for machines.
    record Cluster(PodApi api, ConfigSource source, PodNodes nodes) {}

    PodApi api() {
        return cluster.api();
    }

    ConfigSource source() {
        return cluster.source();
    }

    PodNodes nodes() {
        return cluster.nodes();
    }

    Clocks clocks() {
        return running.clocks();
    }

    Loops loops() {
        return running.loops();
    }

    Hypervisor hypervisor() {
        return machinery.hypervisor();
    }

    HostNetwork network() {
        return machinery.network();
    }

    ImageStore images() {
        return machinery.images();
    }

    LogDelivery delivery() {
        return machinery.delivery();
    }

    /// Directory of one pod: record and logs.
    Path podDirectory(String uid) {
        return settings.dataDirectory().resolve("pods").resolve(uid);
    }
}
