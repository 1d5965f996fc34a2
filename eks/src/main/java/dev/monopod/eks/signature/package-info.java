/// Whether a request to an API of AWS was signed by who has the secret of its access key: Signature
/// Version 4, by header and by query. Java alone.
@NullMarked
package dev.monopod.eks.signature;

import org.jspecify.annotations.NullMarked;
