package dev.monopod.agent.pod.spec;

import com.google.protobuf.ByteString;
import dev.monopod.protocol.guest.SeccompProfile;
import dev.monopod.protocol.guest.Security;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/// System call filters: none, the runtime's, or one of the files that the operator put into a
/// folder of the host.
///
/// @param folder where `Localhost` profiles are
public record SeccompProfiles(Path folder) {
    private static final int LIMIT = 1 << 20;

    /// @param profile what the container or its pod asks for
    /// @throws ConfigurationException when the file can't be read
    void apply(io.fabric8.kubernetes.api.model.SeccompProfile profile, Security.Builder security) {
        switch (profile.getType()) {
            case "RuntimeDefault" -> security.setSeccomp(SeccompProfile.RUNTIME_DEFAULT);
            case "Localhost" ->
                    security.setSeccomp(SeccompProfile.LOCALHOST)
                            .setSeccompLocalhostJson(read(profile.getLocalhostProfile()));
            default -> security.setSeccomp(SeccompProfile.UNCONFINED);
        }
    }

    private ByteString read(@org.jspecify.annotations.Nullable String name) {
        if (name == null || name.isEmpty()) {
            throw new ConfigurationException(
                    "localhostProfile must be set if seccompProfile type is Localhost.");
        }
        var file = folder.resolve(name).normalize();
        if (!file.startsWith(folder) || file.equals(folder)) {
            throw failure(file, "not in " + folder);
        }
        try (var in = Files.newInputStream(file)) {
            var content = in.readNBytes(LIMIT + 1);
            if (content.length > LIMIT) {
                throw failure(file, "more than " + LIMIT + " bytes");
            }
            return ByteString.copyFrom(content);
        } catch (NoSuchFileException e) {
            throw failure(file, "open " + file + ": no such file or directory");
        } catch (IOException e) {
            throw failure(file, String.valueOf(e.getMessage()));
        }
    }

    private static ConfigurationException failure(Path file, String why) {
        return new ConfigurationException(
                "CreateContainerError", "cannot load seccomp profile \"" + file + "\": " + why);
    }
}
