using FluentAssertions;
using ViSurf.Core.Encoding;
using ViSurf.Core.Models.QwenVl;
using ViSurf.Core.Models.QwenVl.Vision;
using Xunit;

namespace ViSurf.Core.Tests.Models.QwenVl;

/// <summary>Windows of published sizes: patch 14, merge 2, window 112 px, so 4 × 4 merged cells.</summary>
public sealed class VisionLayoutTests
{
    private static readonly QwenVisionConfig Published = new();

    [Fact]
    public void An_840_pixel_square_has_64_windows_of_which_the_edge_ones_are_smaller()
    {   // 840 / 28 = 30 merged cells a side; 30 = 7 × 4 + 2: 8 × 8 windows, 16 cells (64 patches), 8 at an edge, 4 in the corner.
        var grid = new PatchGrid(1, 60, 60);
        var layout = WindowLayout.Of([grid], Published);
        layout.Lengths.Should().HaveCount(64);
        layout.Lengths[..8].Should().Equal(64, 64, 64, 64, 64, 64, 64, 32);
        layout.Lengths[^1].Should().Be(16);
        layout.Lengths.Sum().Should().Be(3600);
        VisionLayout.Of([grid], merge: 2).Frames.Should().Equal(3600);
    }

    [Fact]
    public void Windows_put_their_cells_side_by_side()
    {   // 4 × 6 merged cells: a full window of columns 0–3, then one of columns 4–5.
        var layout = WindowLayout.Of([new PatchGrid(1, 8, 12)], Published);
        layout.Order.Should().Equal(0, 1, 2, 3, 6, 7, 8, 9, 12, 13, 14, 15, 18, 19, 20, 21, 4, 5, 10, 11, 16, 17, 22, 23);
        layout.Lengths.Should().Equal(64, 32);
    }

    [Fact]
    public void Patches_come_in_blocks_of_two_by_two()
    {
        var layout = VisionLayout.Of([new PatchGrid(1, 2, 4)], merge: 2);
        layout.Rows.Should().Equal(0, 0, 1, 1, 0, 0, 1, 1);
        layout.Columns.Should().Equal(0, 1, 0, 1, 2, 3, 2, 3);
    }

    [Fact]
    public void Pictures_and_frames_do_not_share_windows()
    {
        PatchGrid[] grids = [new(2, 4, 4), new(1, 2, 2)];
        var layout = WindowLayout.Of(grids, Published);
        layout.Lengths.Should().Equal(16, 16, 4);
        VisionLayout.Of(grids, merge: 2).Frames.Should().Equal(16, 16, 4);
        layout.Order.Should().Equal(0, 1, 2, 3, 4, 5, 6, 7, 8);
    }
}
