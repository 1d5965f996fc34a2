/// The one way in to AWS' APIs: who calls, and whether they may, is settled here, before anything
/// is answered.
@NullMarked
package dev.monopod.eks.gate;

import org.jspecify.annotations.NullMarked;
