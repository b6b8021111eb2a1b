//! What candle's models share: the interface, the mask and attention.

use anyhow::Result;
use candle_core::{D, Device, Tensor, utils::barrier_pool};
use candle_nn::ops::softmax_last_dim;
use protocol::Batch;
use std::sync::Mutex;

/// Keys and values of each layer, each `[batch, kv_heads, past, head]`.
pub type Cache = Vec<(Tensor, Tensor)>;

/// A decoder-only transformer in candle.
pub trait Decoder: Send + Sync {
    /// Logits of columns `past..` of the batch: `[batch, len - past, vocabulary]`, or `[batch, 1, vocabulary]` for the
    /// last position alone. Keys and values of the columns before `past` come from the cache, and those of the others go there.
    fn forward(&self, batch: &Batch, past: usize, cache: Option<&mut Cache>, last: bool) -> Result<Tensor>;
}

/// Token ids `[batch * new]` and positions `[batch * new]` of columns `past..`.
pub fn ids_and_positions(batch: &Batch, past: usize, device: &Device) -> Result<(Tensor, Tensor)> {
    let (rows, total) = (batch.rows(), batch.columns());
    let ids: Vec<u32> = batch.ids.iter().flat_map(|r| r[past..].iter().copied()).collect();
    let positions: Vec<u32> = (0..rows).flat_map(|r| (past..total).map(move |c| batch.position(r, c) as u32)).collect();
    let count = rows * (total - past);
    Ok((Tensor::from_vec(ids, count, device)?, Tensor::from_vec(positions, count, device)?))
}

/// Additive mask `[batch, 1, 1, new, total]`: a column sees real columns up to itself, and itself. `None` where nothing is
/// hidden.
pub fn mask(batch: &Batch, past: usize, device: &Device) -> Result<Option<Tensor>> {
    let total = batch.columns();
    if total - past == 1 && batch.pads.iter().all(|&p| p == 0) {
        return Ok(None);
    }
    let sees = |r: usize, q: usize, k: usize| k == q || (k < q && batch.is_real(r, k));
    let mut values = Vec::with_capacity(batch.rows() * (total - past) * total);
    for r in 0..batch.rows() {
        for q in past..total {
            values.extend((0..total).map(|k| if sees(r, q, k) { 0f32 } else { f32::MIN }));
        }
    }
    Ok(Some(Tensor::from_vec(values, (batch.rows(), 1, 1, total - past, total), device)?))
}

/// Keys and values of a layer with those kept before them, which are kept in turn.
pub fn extend(cache: &mut Cache, layer: usize, key: Tensor, value: Tensor) -> Result<(Tensor, Tensor)> {
    let both = match cache.get(layer) {
        Some((keys, values)) => (Tensor::cat(&[keys, &key], 2)?, Tensor::cat(&[values, &value], 2)?),
        None => (key, value),
    };
    match cache.get_mut(layer) {
        Some(kept) => *kept = both.clone(),
        None => cache.push(both.clone()),
    }
    Ok(both)
}

/// Scaled dot-product attention (Vaswani et al. 2017, arXiv:1706.03762) with grouped queries: the queries that share a
/// key head are stacked, so keys and values are not copied. Query `[b, h, s, d]`, key and value `[b, g, t, d]`.
pub fn attention(query: &Tensor, key: &Tensor, value: &Tensor, mask: Option<&Tensor>) -> Result<Tensor> {
    let (b, h, s, d) = query.dims4()?;
    let (_, g, t, _) = key.dims4()?;
    let stacked = query.reshape((b, g, h / g * s, d))?;
    let mut scores = (stacked.matmul(&key.t()?)? * (1.0 / (d as f64).sqrt()))?;
    if let Some(mask) = mask {
        scores = scores.reshape((b, g, h / g, s, t))?.broadcast_add(mask)?.reshape((b, g, h / g * s, t))?;
    }
    let mixed = softmax_last_dim(&scores)?.matmul(value)?;
    Ok(mixed.reshape((b, h, s, d))?.transpose(1, 2)?.contiguous()?.flatten_from(D::Minus2)?)
}

/// `x [batch, seq, heads * d]`, heads of several kinds side by side, to one `[batch, heads, seq, d]` a kind.
pub fn split_heads<const N: usize>(x: &Tensor, heads: [usize; N]) -> Result<[Tensor; N]> {
    let (rows, seq, width) = x.dims3()?;
    let all: usize = heads.iter().sum();
    let x = x.reshape((rows, seq, all, width / all))?.transpose(1, 2)?;
    let mut first = 0;
    let kinds = heads.map(|count| {
        first += count;
        x.narrow(1, first - count, count).and_then(|kind| kind.contiguous())
    });
    let kinds = kinds.into_iter().collect::<candle_core::Result<Vec<_>>>()?;
    kinds.try_into().map_err(|_| anyhow::anyhow!("heads of another number of kinds"))
}

/// The two halves of the last dimension, each in one piece.
pub fn halves(x: &Tensor) -> Result<[Tensor; 2]> {
    let width = x.dim(D::Minus1)? / 2;
    let half = |n: usize| x.narrow(D::Minus1, n * width, width)?.contiguous();
    Ok([half(0)?, half(1)?])
}

/// The hidden state of the last position, or of all.
pub fn kept(x: Tensor, last: bool) -> Result<Tensor> {
    match last {
        true => Ok(x.narrow(1, x.dim(1)? - 1, 1)?.contiguous()?),
        false => Ok(x),
    }
}

/// What `f(first, count)` gives for each thread's share of `all` things, in order; a share is a multiple of `least`. `f` must not use
/// candle's pool, as its element-wise functions do: the thread that waits for the others would wait for itself.
pub fn share(
    all: usize,
    least: usize,
    f: impl Fn(usize, usize) -> candle_core::Result<Tensor> + Sync,
) -> Result<Vec<Tensor>> {
    let pool = barrier_pool();
    let threads = pool.n_workers() + 1;
    let each = all.div_ceil(threads).next_multiple_of(least);
    let parts: Vec<Mutex<candle_core::Result<Option<Tensor>>>> = (0..threads).map(|_| Mutex::new(Ok(None))).collect();
    pool.execute(|thread| {
        let first = thread * each;
        if first < all {
            let part = f(first, each.min(all - first)).map(Some);
            *parts[thread].lock().unwrap_or_else(|e| e.into_inner()) = part;
        }
    });
    let parts = parts.into_iter().filter_map(|p| p.into_inner().unwrap_or_else(|e| e.into_inner()).transpose());
    Ok(parts.collect::<candle_core::Result<Vec<_>>>()?)
}
