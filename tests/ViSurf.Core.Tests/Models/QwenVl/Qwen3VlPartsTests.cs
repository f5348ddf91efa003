using FluentAssertions;
using TorchSharp;
using ViSurf.Core.Common;
using ViSurf.Core.Encoding;
using ViSurf.Core.Models.QwenVl;
using ViSurf.Core.Models.QwenVl.Text;
using ViSurf.Core.Models.QwenVl.Vision;
using ViSurf.Core.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace ViSurf.Core.Tests.Models.QwenVl;

/// <summary>The arithmetic that is new in Qwen3-VL, at published sizes or by hand.</summary>
public sealed class Qwen3VlPartsTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();

    [Fact]
    public void Height_and_width_take_every_third_frequency_up_to_their_share()
    {   // [24, 20, 20] of 64: height 1, 4, …, 58; width 2, 5, …, 59; time all others.
        var rows = RopeRows.Interleaved(new QwenTextConfig { HeadSize = 128, RopeSection = [24, 20, 20] });
        rows.Should().HaveCount(64);
        for (var i = 0; i < 64; i++) rows[i].Should().Be(i < 60 ? i % 3 : 0, "frequency {0}", i);
    }

    [Fact]
    public void Sections_follow_each_other_before_Qwen3()
    {
        var rows = RopeRows.Sectioned(new QwenTextConfig());
        rows.Should().HaveCount(64);
        for (var i = 0; i < 64; i++) rows[i].Should().Be(i < 16 ? 0 : i < 40 ? 1 : 2, "frequency {0}", i);
        RopeRows.Plain(new QwenTextConfig()).Should().HaveCount(64).And.OnlyContain(row => row == 0);
    }

    [Fact]
    public void A_picture_of_the_tables_own_size_gets_its_entries()
    {   // 4 × 4 entries, 4 × 4 patches: entry (r, c) = 10 r + c, in blocks of 2 × 2.
        Positions(4, new PatchGrid(1, 4, 4)).Should().Equal(0, 1, 10, 11, 2, 3, 12, 13, 20, 21, 30, 31, 22, 23, 32, 33);
    }

    [Fact]
    public void Between_entries_positions_are_bilinear()
    {   // 4 rows over 3 entries stand at 0, 2/3, 4/3, 2; 2 columns at 0 and 2. Entry (r, c) = 10 r + c is linear, so the place itself comes out.
        var expected = new[] { (0f, 0f), (0, 2), (2 / 3f, 0), (2 / 3f, 2), (4 / 3f, 0), (4 / 3f, 2), (2, 0), (2, 2) }.Select(p => 10 * p.Item1 + p.Item2);
        Positions(3, new PatchGrid(1, 4, 2)).Should().Equal(expected, (a, b) => Math.Abs(a - b) < 1e-5f);
    }

    [Fact]
    public void Every_frame_and_every_picture_has_its_own_stretch()
    {
        var once = Positions(4, new PatchGrid(1, 2, 2));
        once.Should().Equal([0, 3, 30, 33], "two patches stand at the ends");
        Positions(4, new PatchGrid(2, 2, 2), new PatchGrid(1, 4, 4)).Should().Equal([.. once, .. once, .. Positions(4, new PatchGrid(1, 4, 4))]);
    }

    [Fact]
    public void Features_are_added_at_their_places_after_the_first_layers_only()
    {
        var places = tensor(new long[] { 1, 2, 5 });
        var features = ones(3, 2) * tensor(new float[] { 1, 2, 3 }).unsqueeze(1);
        var additions = new HiddenAdditions(places, [features]);
        var x = ScalarOps.Range(12).to_type(ScalarType.Float32).view(6, 2);
        additions.After(1, x).Should().BeSameAs(x);
        (additions.After(0, x) - x).data<float>().ToArray().Should().Equal(0, 0, 1, 1, 2, 2, 0, 0, 0, 0, 3, 3);
    }

    public void Dispose() => _scope.Dispose();

    private static float[] Positions(int side, params PatchGrid[] grids)
    {
        using var noGrad = no_grad();
        using var table = new PositionTable(new QwenVisionConfig { HiddenSize = 1, PositionTableSide = side }, ScalarType.Float32, TestDevice.Value);
        table.weight.copy_(tensor(Enumerable.Range(0, side * side).Select(i => (float)(10 * (i / side) + i % side)).ToArray()).unsqueeze(1));
        return table.Forward(VisionLayout.Of(grids, merge: 2)).data<float>().ToArray();
    }
}
