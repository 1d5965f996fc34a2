package dev.monopod.agent.pod.volume;

import dev.monopod.agent.pod.api.ConfigSource;
import dev.monopod.agent.pod.scope.MachineHandle;
import dev.monopod.agent.pod.scope.PodSettings.VolumeSettings;
import dev.monopod.agent.pod.scope.PodView;
import dev.monopod.model.time.Clocks;
import dev.monopod.protocol.guest.WriteVolumeRequest;
import io.fabric8.kubernetes.api.model.Volume;
import java.nio.file.Path;

/// Renders one volume as the guest is asked for it, from the objects that the pod names.
public final class VolumeRequests {
    private final PodView view;
    private final MachineHandle machine;
    private final ImageVolumes images;
    private final ConfigSource source;
    private final Path nfsModules;
    private final TokenVolumes tokens;
    private final NetworkVolumes network;
    private final PodObjects objects;

    public VolumeRequests(
            PodView view,
            MachineHandle machine,
            ImageVolumes images,
            ConfigSource source,
            VolumeSettings settings,
            Clocks clocks) {
        this.view = view;
        this.machine = machine;
        this.images = images;
        this.source = source;
        this.nfsModules = settings.nfsModules();
        this.tokens = new TokenVolumes(source, clocks);
        this.network = new NetworkVolumes(source, new HostResolver(), settings.region());
        this.objects = new PodObjects(view.plan().namespace());
    }

    /// Whether the volume hangs on nothing of the machine's.
    static boolean isOfObjects(Volume volume) {
        return volume.getImage() == null && !NetworkVolumes.is(volume);
    }

    /// From the objects as they are now.
    WriteVolumeRequest render(Volume volume) {
        return render(source, volume);
    }

    /// From objects that may be a moment old, which costs the API server less.
    WriteVolumeRequest renderRecent(Volume volume) {
        return render(source.recent(), volume);
    }

    private WriteVolumeRequest render(ConfigSource from, Volume volume) {
        if (volume.getImage() != null) {
            return WriteVolumeRequest.newBuilder()
                    .setName(volume.getName())
                    .setImage(images.render(volume))
                    .build();
        }
        if (NetworkVolumes.is(volume)) {
            return WriteVolumeRequest.newBuilder()
                    .setName(volume.getName())
                    .setNetworkFileSystem(
                            network.render(view.pod(), volume, machine.slot(nfsModules)))
                    .build();
        }
        return new Volumes(from, objects, tokens, view.fields()).render(volume);
    }
}
