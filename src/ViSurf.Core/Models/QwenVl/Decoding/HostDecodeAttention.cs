using System.Runtime.InteropServices;
using ViSurf.Core.Models.Kernels;
using ViSurf.Core.Models.QwenVl.Text;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.QwenVl.Decoding;

/// <summary>
/// <see cref="DecodeAttention"/> on a processor in float32: one pass over keys and values where libtorch takes four products, a copy of
/// what each reads into an order of its own, and a softmax between them.
/// </summary>
/// <param name="prefix">Keys and values of the prompts.</param>
/// <param name="suffix">Keys and values of the rows; its step has begun.</param>
/// <param name="prompts">The prompt of each row.</param>
internal sealed class HostDecodeAttention(PrefixCache prefix, SuffixCache suffix, int[] prompts) : IAttention
{
    private readonly int[] _lengths = [.. prompts.Select(q => prefix.Lengths[q])];
    private readonly bool[]? _hidden = suffix.Hidden();

    /// <summary>Whether a model's keys and values can be read here.</summary>
    /// <param name="keys">Any tensor of their dtype and device.</param>
    /// <param name="headSize">Of the model.</param>
    public static bool Takes(Tensor keys, int headSize) => HostMemory.Takes(keys) && headSize % 8 == 0;

    public unsafe Tensor Mix(int layer, Tensor query, Tensor key, Tensor value)
    {
        using var scope = NewDisposeScope();
        var (rows, heads, size, shared) = ((int)query.shape[0], (int)query.shape[1], (int)query.shape[2], (int)key.shape[1]);
        suffix.Extend(layer, key, value);
        var ((promptKeys, promptValues), (ownKeys, ownValues)) = (prefix.Layer(layer), suffix.Stores(layer));
        var (asked, mixed) = (query.contiguous(), empty([rows, heads * size], ScalarType.Float32));
        fixed (int* prompt = prompts, lengths = _lengths)
        fixed (byte* hidden = _hidden is null ? default : MemoryMarshal.AsBytes(_hidden.AsSpan()))
        {
            var work = new DecodeRows
            {
                Query = HostMemory.Start(asked),
                Mixed = HostMemory.Start(mixed),
                PromptKeys = HostMemory.Start(promptKeys),
                PromptValues = HostMemory.Start(promptValues),
                OwnKeys = HostMemory.Start(ownKeys),
                OwnValues = HostMemory.Start(ownValues),
                Prompt = prompt,
                Lengths = lengths,
                Hidden = hidden,
                Size = (rows, heads, shared, size),
                Prompts = ((int)promptKeys.shape[1], (int)promptKeys.shape[2]),
                Own = (suffix.Used, (int)ownKeys.shape[2]),
            };
            new BlockLoop<DecodeRows>(work).Run(get_num_threads());
        }
        return mixed.MoveToOuterDisposeScope();
    }

    /// <summary>One row's queries of one key-value head at a time.</summary>
    private unsafe struct DecodeRows : IBlockWork
    {
        public float* Query, Mixed, PromptKeys, PromptValues, OwnKeys, OwnValues;
        public int* Prompt, Lengths;
        public byte* Hidden;
        public (int Rows, int Heads, int Shared, int Head) Size;
        public (int Count, int Room) Prompts;
        public (int Used, int Room) Own;

        public readonly int Blocks => Size.Rows * Size.Shared;

        /// <summary>Rows of one head follow each other, so that a prompt stays in the cache for its whole group.</summary>
        public readonly void Do(int block)
        {
            var (head, row) = (block / Size.Rows, block % Size.Rows);
            var (repeats, size) = (Size.Heads / Size.Shared, Size.Head);
            var scratch = stackalloc float[repeats * (AttentionRow.ScratchPerQuery + size)];
            var place = ((long)row * Size.Heads + head * repeats) * size;
            var scaled = scratch + repeats * AttentionRow.ScratchPerQuery;
            new Span<float>(Query + place, repeats * size).CopyTo(new Span<float>(scaled, repeats * size));
            AttentionKernel.Scale(scaled, repeats * size, 1 / MathF.Sqrt(size));
            var queries = new AttentionRow(scaled, Mixed + place, repeats, size, scratch);
            var prompt = ((long)head * Prompts.Count + Prompt[row]) * Prompts.Room * size;
            queries.See(new KeySpan(PromptKeys + prompt, PromptValues + prompt, Lengths[row]));
            var own = ((long)head * Size.Rows + row) * Own.Room * size;
            queries.See(new KeySpan(OwnKeys + own, OwnValues + own, Own.Used, Hidden is null ? null : Hidden + (long)row * Own.Used));
            queries.Finish();
        }
    }
}
