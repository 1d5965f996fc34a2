/// The channel to the guest: typed calls over gRPC. Depends on the protocol only.
@NullMarked
package dev.monopod.host.guest;

import org.jspecify.annotations.NullMarked;
