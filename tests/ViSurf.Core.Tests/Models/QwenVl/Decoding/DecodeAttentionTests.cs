using FluentAssertions;
using TorchSharp;
using ViSurf.Core.Common;
using ViSurf.Core.Models.Kernels;
using ViSurf.Core.Models.QwenVl.Decoding;
using ViSurf.Core.Models.QwenVl.Groups;
using ViSurf.Core.Models.QwenVl.Text;
using ViSurf.Core.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace ViSurf.Core.Tests.Models.QwenVl.Decoding;

/// <summary>Attention of a decoding step, by libtorch and by our own kernel, against a softmax in float64 over each row's own tokens.</summary>
public sealed class DecodeAttentionTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly IDisposable _noGrad = no_grad();

    [CpuTheory("compares SIMD loops over host memory with libtorch")]
    [InlineData(4, 1, 64)]
    [InlineData(4, 2, 64)]
    [InlineData(3, 1, 8)]     // an odd number of queries per key-value head
    [InlineData(2, 2, 80)]    // a head that is no multiple of 64
    [InlineData(14, 2, 128)]
    public void Both_equal_softmax_over_prompt_and_own_tokens(int heads, int shared, int size)
    {
        if (!HostMemory.IsSupported) return;
        // Prompts of 5, 130 (beyond one chunk of 64 keys) and 64 tokens; a group that has lost rows; a row that enters later.
        int[] lengths = [5, 130, 64], prompts = [0, 0, 0, 1, 2, 2];
        using var prefix = new PrefixCache(Spans(lengths));
        var (promptKeys, promptValues) = (randn(lengths.Sum(), shared, size), randn(lengths.Sum(), shared, size));
        prefix.Fill(promptKeys, promptValues);
        using var host = new SuffixCache(1, (shared, size), 70, ScalarType.Float32, CPU);
        using var torch = new SuffixCache(1, (shared, size), 70, ScalarType.Float32, CPU);
        List<(Tensor Keys, Tensor Values)> written = [];
        // 70 steps in blocks of 32, 64, 70 columns; the last row enters at step 40, when nobody has 70 tokens yet.
        Each(s => s.AddRows(5), host, torch);
        for (var step = 0; step < 70; step++)
        {
            if (step == 40) Each(s => s.AddRows(1), host, torch);
            var rows = step < 40 ? 5 : 6;
            var (query, key, value) = (randn(rows, heads, size), randn(rows, shared, size), randn(rows, shared, size));
            written.Add((key, value));
            Each(s => s.BeginStep(), host, torch);
            var its = prompts[..rows];
            var mine = new HostDecodeAttention(prefix, host, its).Mix(0, query, key, value);
            mine.shape.Should().Equal(rows, heads * size);
            if (step % 23 != 0 && step < 68) continue;
            using var grid = new RowGrid(its, CPU);
            var exact = Exact(query, its, written, lengths, promptKeys, promptValues);
            Far(mine, exact).Should().BeLessThan(2e-6);
            Refill(torch, host);
            using var mask = RowMask.Of(Array.ConvertAll(its, q => lengths[q]), lengths.Max(), torch.Ring, ScalarType.Float32, CPU);
            Far(new DecodeAttention(prefix, torch, grid, mask).Mix(0, query, key, value), exact).Should().BeLessThan(2e-6);
        }
    }

    [CpuFact("compares SIMD loops over host memory with libtorch")]
    public void A_row_that_is_no_number_stays_its_own_trouble()
    {
        if (!HostMemory.IsSupported) return;
        using var prefix = new PrefixCache(Spans([70]));
        prefix.Fill(randn(70, 1, 8), randn(70, 1, 8));
        using var suffix = new SuffixCache(1, (1, 8), 4, ScalarType.Float32, CPU);
        suffix.AddRows(3);
        suffix.BeginStep();
        var query = randn(3, 2, 8);
        query[1, 0, 3] = float.NaN;
        var mixed = new HostDecodeAttention(prefix, suffix, [0, 0, 0]).Mix(0, query, randn(3, 1, 8), randn(3, 1, 8)).view(3, 2, 8);
        mixed[1, 0].isnan().all().item<bool>().Should().BeTrue();
        mixed.isnan().sum().item<long>().Should().Be(8);
    }

    public void Dispose()
    {
        _noGrad.Dispose();
        _scope.Dispose();
    }

    private static RowSpan[] Spans(int[] lengths)
        => [.. lengths.Select((n, q) => new RowSpan(lengths[..q].Sum(), n))];

    private static void Each(Action<SuffixCache> act, params SuffixCache[] caches) => Array.ForEach(caches, act);

    /// <summary>The other cache's steps: it was not written at each.</summary>
    private static void Refill(SuffixCache to, SuffixCache from)
    {
        to.Stores(0).Keys.copy_(from.Stores(0).Keys);
        to.Stores(0).Values.copy_(from.Stores(0).Values);
    }

    private static double Far(Tensor x, Tensor exact) => (x - exact).abs().max().item<double>();

    private static Tensor Exact(Tensor query, int[] prompts, List<(Tensor Keys, Tensor Values)> written, int[] lengths, Tensor promptKeys, Tensor promptValues)
    {
        var (heads, shared, size) = (query.shape[1], promptKeys.shape[1], query.shape[2]);
        var rows = new List<Tensor>();
        for (var row = 0; row < query.shape[0]; row++)
        {
            var (r, from) = (row, lengths[..prompts[row]].Sum());
            Tensor All(Tensor prompt, Func<(Tensor Keys, Tensor Values), Tensor> which)
                => cat([prompt.narrow(0, from, lengths[prompts[r]]), .. written.Select(which).Where(t => t.shape[0] > r).Select(t => t[r].unsqueeze(0))], 0)
                    .to_type(ScalarType.Float64).repeat_interleave(heads / shared, 1).transpose(0, 1);
            var (keys, values) = (All(promptKeys, w => w.Keys), All(promptValues, w => w.Values));
            var weights = query[row].to_type(ScalarType.Float64).unsqueeze(1).matmul(keys.transpose(1, 2)).Over(Math.Sqrt(size)).softmax(-1);
            rows.Add(weights.matmul(values).reshape(1, heads * size));
        }
        return cat(rows, 0);
    }
}
