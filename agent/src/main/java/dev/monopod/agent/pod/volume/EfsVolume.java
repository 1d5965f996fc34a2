package dev.monopod.agent.pod.volume;

import dev.monopod.agent.pod.spec.ConfigurationException;
import java.util.Optional;
import java.util.regex.Pattern;

/// What a PersistentVolume of EFS' CSI driver names by its `volumeHandle`:
/// `FILE_SYSTEM[:PATH[:ACCESS_POINT]]`. Source: the driver's documents on static provisioning.
///
/// @param path absolute; below the access point's root, if there is one
record EfsVolume(String fileSystem, String path, Optional<String> accessPoint) {
    static final String DRIVER = "efs.csi.aws.com";

    private static final Pattern HANDLE =
            Pattern.compile("(fs-[0-9a-zA-Z]+)(?::(/?[^:]*)(?::(fsap-[0-9a-zA-Z]+)?)?)?");

    /// @throws ConfigurationException when it is no such handle
    static EfsVolume parse(String handle) {
        var matcher = HANDLE.matcher(handle);
        if (!matcher.matches()) {
            throw new ConfigurationException(
                    "volumeHandle '%s' is not of the form fs-ID[:PATH[:fsap-ID]]"
                            .formatted(handle));
        }
        var path = Optional.ofNullable(matcher.group(2)).orElse("");
        return new EfsVolume(
                matcher.group(1),
                path.startsWith("/") ? path : "/" + path,
                Optional.ofNullable(matcher.group(3)));
    }

    EfsVolume withAccessPoint(String name) {
        return new EfsVolume(fileSystem, path, Optional.of(name));
    }

    /// The name under which AWS' DNS knows the file system.
    String awsServer(String region) {
        return "%s.efs.%s.amazonaws.com".formatted(fileSystem, region);
    }
}
