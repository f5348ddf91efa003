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
    /// <summary>Floats, 256 KiB; models need a tenth of it.</summary>
    private const int MostScratch = 1 << 16;
    private readonly int[] _lengths = [.. prompts.Select(q => prefix.Lengths[q])];
    private readonly int[] _ages = [.. suffix.Ring.Ages];

    /// <summary>Whether a model's keys and values can be read here, and a block's numbers have room on a stack.</summary>
    /// <param name="keys">Any tensor of their dtype and device.</param>
    /// <param name="text">The model.</param>
    public static bool Takes(Tensor keys, QwenTextConfig text)
        => HostMemory.Takes(keys) && text.HeadSize % 8 == 0
            && (long)text.Heads / text.KeyValueHeads * (AttentionRow.ScratchPerQuery + text.HeadSize) <= MostScratch;

    public bool IsDecoding => true;

    public unsafe Tensor Mix(int layer, Tensor query, Tensor key, Tensor value)
    {
        using var scope = NewDisposeScope();
        var (rows, heads, size, shared) = ((int)query.shape[0], (int)query.shape[1], (int)query.shape[2], (int)key.shape[1]);
        suffix.Write(layer, key, value);
        var ((promptKeys, promptValues), (ownKeys, ownValues)) = (prefix.Layer(layer), suffix.Stores(layer));
        var (asked, mixed) = (query.contiguous(), empty([rows, heads * size], ScalarType.Float32, CPU));
        fixed (int* prompt = prompts, lengths = _lengths, ages = _ages)
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
                Ages = ages,
                Size = (rows, heads, shared, size),
                Prompts = ((int)promptKeys.shape[1], (int)promptKeys.shape[2]),
                Own = (suffix.Ring.Column + 1, suffix.Ring.Capacity),
            };
            new BlockLoop<DecodeRows>(work).Run(get_num_threads());
            GC.KeepAlive(prefix);
            GC.KeepAlive(suffix);
        }
        return mixed.MoveToOuterDisposeScope();
    }

    /// <summary>One row's queries of one key-value head at a time.</summary>
    private unsafe struct DecodeRows : IBlockWork
    {
        public float* Query, Mixed, PromptKeys, PromptValues, OwnKeys, OwnValues;
        public int* Prompt, Lengths, Ages;
        public (int Rows, int Heads, int Shared, int Head) Size;
        public (int Count, int Room) Prompts;
        public (int End, int Room) Own;

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
            queries.See(PromptKeys + prompt, PromptValues + prompt, Lengths[row]);
            // A row's own tokens end at this step's column; what has no place before it lies at the ring's end.
            var own = ((long)head * Size.Rows + row) * Own.Room * size;
            var near = Math.Min(Ages[row], Own.End);
            See(queries, own, Own.Room - (Ages[row] - near), Ages[row] - near);
            See(queries, own, Own.End - near, near);
            queries.Finish();
        }

        private readonly void See(AttentionRow queries, long row, int column, int count)
            => queries.See(OwnKeys + row + (long)column * Size.Head, OwnValues + row + (long)column * Size.Head, count);
    }
}
