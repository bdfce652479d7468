"""einsum: contracted two at a time, the first two first; what is in one operand alone is summed."""

from .one_call import call

M, V = "f32[4, 6]!", "f32[6]!"


def einsum(equation: str, *operands: str) -> object:
    return call("einsum.default", equation, list(operands))


LEFT, RIGHT, WEIGHT = "f32[20, 30]", "f32[20, 40]", "f32[50, 30, 40]"

CASES = [
    call("bilinear.default", LEFT + "!", RIGHT + "!", WEIGHT + "!", "f32[50]!"),
    call("bilinear.default", LEFT + "!", RIGHT + "!", WEIGHT + "!", None),
    call("bilinear.default", LEFT, RIGHT, WEIGHT + "!", None),
    call("bilinear.default", LEFT, RIGHT + "!", WEIGHT, None),
    call("bilinear.default", "f32[4, 5, 30]!", "f32[4, 5, 40]!", WEIGHT + "!", "f32[50]!"),
    einsum("bct,bcs->bts", "f32[2, 6, 4]!", "f32[2, 6, 5]!"),
    einsum("bsd,edh->bseh", "f32[2, 4, 6]!", "f32[3, 6, 5]!"),
    einsum("bseh,ehd->bsed", "f32[2, 4, 3, 5]!", "f32[3, 5, 6]!"),
    einsum("bhqd,bhkd->bhqk", "f32[2, 3, 4, 6]!", "f32[2, 3, 5, 6]!"),
    einsum("tef,efd,te->td", "f32[32, 3, 20]!", "f32[3, 20, 16]!", "f32[32, 3]!"),
    einsum("ab,cb,db->dca", M, "f32[5, 6]!", "f32[3, 6]!"),
    einsum("ab,b,a->a", M, V, "f32[4]!"),
    einsum("ij,j->ij", M, V),
    einsum("ij,jk", M, "f32[6, 5]!"),
    einsum("...ij,...jk->...ik", "f32[2, 3, 4, 6]!", "f32[3, 6, 5]!"),
    einsum("...ij,...jk", "f32[2, 4, 6]!", "f32[6, 5]!"),
    einsum("...qhd,...khd->...hqk", "f32[2, 4, 3, 2, 6]!", "f32[2, 4, 5, 2, 6]!"),
    einsum("...hqk,...khd->...qhd", "f32[2, 4, 2, 3, 5]!", "f32[2, 4, 5, 2, 6]!"),
    einsum("...ij,...jk->...ik", "f32[3, 4]!", "f32[4, 5]!"),
    einsum("ab,cb->ca", M, "f32[5, 6]!"),
    einsum("adx,cx->acd", "f32[2, 3, 4]!", "f32[5, 4]!"),
    einsum("lx,clx->cl", "f32[2, 4]!", "f32[5, 2, 4]!"),
    einsum("abx,cdx->cdab", "f32[2, 3, 4]!", "f32[5, 6, 4]!"),
    einsum("abc,bd->ad", "f32[2, 3, 4]!", "f32[3, 5]!"),
    einsum("ab,cd->", M, "f32[5, 3]!"),
    einsum("i,j->ij", V, "f32[5]!"),
    einsum("i,i->", V, V),
    einsum("bij->bji", "f32[2, 4, 6]!"),
    einsum("bij->b", "f32[2, 4, 6]!"),
    einsum("ii->i", "f32[5, 5]!"),
    einsum("ii,ij->j", "f32[5, 5]!", "f32[5, 6]!"),
    einsum("abc,c->ab", "f32[2, 1, 4]!", "f32[4]!"),
]
