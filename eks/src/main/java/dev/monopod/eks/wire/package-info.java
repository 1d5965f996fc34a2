/// A request to an API of AWS and its answer, as they are on the wire.
@NullMarked
package dev.monopod.eks.wire;

import org.jspecify.annotations.NullMarked;
