/// The security token service: who somebody is, and for whom they may act.
@NullMarked
package dev.monopod.eks.sts;

import org.jspecify.annotations.NullMarked;
